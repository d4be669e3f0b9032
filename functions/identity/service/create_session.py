"""Sign in. Known and unknown addresses get the same bytes for the same work."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from identity import events, problems
from identity.domain import email_address, rate_limit, session, sign_in_attempts
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.domain.user import User, nobody
from identity.events import event_of
from identity.service.issue_token_pair import TokenPair, issue_pair
from identity.service.ports import (
    Accounts,
    Attempts,
    EmailHasher,
    NetworkHasher,
    Passwords,
    PersonalData,
    Sessions,
    Tokens,
)
from identity.service.seal_details import seal_device
from shop import ids, rate_limits, telemetry
from shop.events import Event
from shop.problems import Problem
from shop.trace import Trace


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to sign in, and from where."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    source_ip: str = field(repr=False)
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignInPorts:
    """What signing in needs; `personal` only where a device has a name."""

    accounts: Accounts
    attempts: Attempts
    sessions: Sessions
    mac: EmailHasher
    networks: NetworkHasher
    passwords: Passwords
    tokens: Tokens
    personal: Callable[[], PersonalData]
    region: str


INVALID_CREDENTIALS = Problem(
    problems.INVALID_CREDENTIALS, "There is no user with this e-mail and password."
)


def sign_in(
    credentials: Credentials, by: SignInPorts, *, now: datetime, trace: Trace
) -> TokenPair | Problem:
    """Open a session. Every attempt is counted before it is checked, a good one is taken back.

    So attempts that run at the same time cannot get more guesses than one after the other.
    """
    address = by.mac.of(email_address.lookup_form(credentials.email))
    network = rate_limit.network_of(credentials.source_ip)
    counters = sign_in_attempts.counters(
        address=address, from_network=by.networks.of(address, network), now=now
    )
    full = by.attempts.count(counters)
    if full:
        return too_many(full, now=now)
    user_id = by.accounts.user_id_of(address) or nobody(address, region=by.region)
    user = by.accounts.get(user_id)
    password_matches = by.passwords.verify(
        user.password_hash if user else None, credentials.password
    )
    if user is None or not password_matches or not user.is_active:
        telemetry.emit_metric("SignInRefused")
        return INVALID_CREDENTIALS
    if by.passwords.is_outdated(user.password_hash):
        by.accounts.rehash(user, by.passwords.hash(credentials.password))
    return _open_session(user, credentials.device, by, counters, now=now, trace=trace)


def too_many(full: Sequence[Counter], *, now: datetime) -> Problem:
    """Why an attempt is not even looked at."""
    telemetry.emit_metric("SignInLimited")
    seconds_left = {counter.limit.name: counter.seconds_left(now) for counter in full}
    return Problem(
        problems.RATE_LIMITED,
        "Too many sign-ins failed for this address.",
        headers=rate_limits.exhausted(seconds_left),
    )


def _open_session(
    user: User,
    device: str | None,
    by: SignInPorts,
    counters: Sequence[Counter],
    *,
    now: datetime,
    trace: Trace,
) -> TokenPair:
    family_id = ids.generate("fam", region=by.region, now=now)
    token = session.refresh_token(user.user_id, family_id, secrets.token_urlsafe(32))
    sealed = seal_device(device, user.user_id, session.session_id_of(family_id), by.personal)
    family = session.begin(user.user_id, token, family_id=family_id, device=sealed, now=now)
    # Signed before the session is stored: if KMS fails there is no session that nobody can use.
    pair = issue_pair(user, family, token, by.tokens, now=now)
    created = events.SessionCreated(user_id=user.user_id, session_id=family.session_id)
    live = [each for each in by.sessions.of(user.user_id) if each.is_live(now)]
    by.sessions.open(
        family,
        event_of(created, family.session_id, 1, now=now, trace=trace),
        counters=counters,
        instead_of=[(old, _ended(old, now=now, trace=trace)) for old in session.too_many(live)],
    )
    return pair


def _ended(family: TokenFamily, *, now: datetime, trace: Trace) -> Event:
    data = events.SessionEnded(user_id=family.user_id, session_id=family.session_id)
    return event_of(data, family.session_id, 2, now=now, trace=trace)
