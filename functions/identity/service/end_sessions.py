"""See one's sessions, and end them: one, or all."""

from datetime import datetime

from identity import events, problems
from identity.domain import user as rules
from identity.domain.session import TokenFamily
from identity.events import event_of
from identity.service.change_user import UserBusy
from identity.service.ports import Accounts, Sessions
from shop import ids
from shop.problems import Problem
from shop.trace import Trace

ATTEMPTS = 5

NO_SESSION = Problem(problems.NOT_FOUND, "There is no such session.")


def live_sessions(
    user_id: str, *, accounts: Accounts, sessions: Sessions, now: datetime
) -> list[TokenFamily]:
    """Those that can go on, newest first."""
    user = accounts.get(user_id)
    if user is None:
        return []
    found = [
        family
        for family in sessions.of(user_id)
        if family.is_live(now) and user.keeps_session(family.session_id, begun=family.created)
    ]
    return sorted(found, key=lambda family: family.created, reverse=True)


def end_session(
    user_id: str, session_id: str, sessions: Sessions, *, now: datetime, trace: Trace
) -> Problem | None:
    """End one of the user's own; a repeat finds it ended."""
    if not ids.is_id("ses", session_id):  # A path may hold anything, a key not.
        return NO_SESSION
    family = sessions.get(user_id, session_id)
    if family is None:
        return NO_SESSION
    if family.revoked is None:
        data = events.SessionEnded(user_id=user_id, session_id=session_id)
        sessions.revoke(family, event_of(data, session_id, 2, now=now, trace=trace), now=now)
    return None


def end_all_sessions(
    user_id: str, accounts: Accounts, *, now: datetime, trace: Trace
) -> Problem | None:
    """End all by one write, whatever their number, those too that are being opened."""
    for _ in range(ATTEMPTS):
        user = accounts.get(user_id)
        if user is None:
            return NO_SESSION
        after = rules.end_sessions(user, now=now)
        data = events.UserSessionsEnded(user_id=user_id)
        ended = event_of(data, user_id, after.sequence, now=now, trace=trace)
        if accounts.change(user, after, ended):
            return None
    raise UserBusy
