"""Replace a refresh token by its successor."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from identity import events, problems
from identity.domain import session
from identity.domain.session import TokenFamily, TokenState
from identity.events import event_of
from identity.service.issue_token_pair import TokenPair, issue_pair
from identity.service.ports import Accounts, Sessions, Tokens
from shop import telemetry
from shop.problems import Problem
from shop.trace import Trace


@dataclass(frozen=True, slots=True)
class RefreshPorts:
    """What refreshing needs."""

    accounts: Accounts
    sessions: Sessions
    tokens: Tokens


INVALID_REFRESH_TOKEN = Problem(
    problems.INVALID_REFRESH_TOKEN, "Sign in again: this session is over."
)


def refresh(token: str, by: RefreshPorts, *, now: datetime, trace: Trace) -> TokenPair | Problem:
    """Replace a refresh token; end the session if it was replaced before (RFC 9700, 4.14.2).

    One conditional write decides, so of two requests with one token only one rotates. The other,
    like a client whose answer was lost, gets the same successor for GRACE; it is never forked.
    """
    family_id = session.family_of(token)
    if family_id is None:
        return INVALID_REFRESH_TOKEN
    presented, salt = session.digest(token), secrets.token_hex(32)
    family = by.sessions.rotate(
        family_id,
        presented=presented,
        successor=session.digest(session.successor(token, salt)),
        salt=salt,
        now=now,
    ) or by.sessions.get(family_id)
    if family is None:
        return INVALID_REFRESH_TOKEN
    if family.token_state(presented, now=now) is not TokenState.REPLACED:
        return _refuse(family, presented, by.sessions, now=now, trace=trace)
    # Read each time: a new role counts from here on, and so does an account that was disabled.
    user = by.accounts.get(family.user_id)
    if (
        user is None
        or not user.keeps_session(family.session_id, begun=family.created)
        or family.salt is None
    ):
        return INVALID_REFRESH_TOKEN
    return issue_pair(user, family, session.successor(token, family.salt), by.tokens, now=now)


def _refuse(
    family: TokenFamily, presented: str, sessions: Sessions, *, now: datetime, trace: Trace
) -> Problem:
    if family.token_state(presented, now=now) is TokenState.REPLAYED:
        detected = events.RefreshReuseDetected(user_id=family.user_id, session_id=family.session_id)
        sessions.revoke(
            family, event_of(detected, family.session_id, 2, now=now, trace=trace), now=now
        )
        telemetry.emit_metric("RefreshReuseDetected")
    return INVALID_REFRESH_TOKEN
