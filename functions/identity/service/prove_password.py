"""Whether somebody knows the password of an address; every attempt is counted before that."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from identity import problems
from identity.domain import email_address, rate_limit, sign_in_attempts
from identity.domain.rate_limit import Counter
from identity.domain.user import User, nobody
from identity.service.ports import Accounts, Attempts, EmailHasher, NetworkHasher, Passwords
from shop import rate_limits, telemetry
from shop.problems import Problem


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to sign in, and from where."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    source_ip: str = field(repr=False)
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofPorts:
    """What looking at a password needs."""

    accounts: Accounts
    attempts: Attempts
    mac: EmailHasher
    networks: NetworkHasher
    passwords: Passwords
    region: str


INVALID_CREDENTIALS = Problem(
    problems.INVALID_CREDENTIALS, "There is no user with this e-mail and password."
)


def prove(
    credentials: Credentials, by: ProofPorts, *, now: datetime
) -> tuple[User, Sequence[Counter]] | Problem:
    """The user, with the attempt that is to be taken back. Known and unknown addresses get the same
    answer for the same work."""
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
    return user, counters


def too_many(full: Sequence[Counter], *, now: datetime) -> Problem:
    """Why an attempt is not even looked at."""
    telemetry.emit_metric("SignInLimited")
    seconds_left = {counter.limit.name: counter.seconds_left(now) for counter in full}
    return Problem(
        problems.RATE_LIMITED,
        "Too many sign-ins failed for this address.",
        headers=rate_limits.exhausted(seconds_left),
    )
