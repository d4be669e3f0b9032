"""Sign in. Known and unknown addresses get the same bytes for the same work."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from identity import events
from identity.domain import session
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.domain.user import User
from identity.events import event_of
from identity.service.issue_token_pair import TokenPair, issue_pair
from identity.service.ports import PersonalData, Sessions, Tokens
from identity.service.prove_password import Credentials, ProofPorts, prove
from identity.service.seal_details import seal_device
from shop import ids
from shop.events import Event
from shop.problems import Problem
from shop.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPorts(ProofPorts):
    """What signing in needs; `personal` only where a device has a name."""

    sessions: Sessions
    tokens: Tokens
    personal: Callable[[], PersonalData]


def sign_in(
    credentials: Credentials, by: SignInPorts, *, now: datetime, trace: Trace
) -> TokenPair | Problem:
    """Open a session. Every attempt is counted before it is checked, a good one is taken back.

    So attempts that run at the same time cannot get more guesses than one after the other.
    """
    proved = prove(credentials, by, now=now)
    if isinstance(proved, Problem):
        return proved
    user, counters = proved
    return _open_session(user, credentials.device, by, counters, now=now, trace=trace)


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
