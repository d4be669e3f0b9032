"""Ask to be erased, and take that back as long as it has not begun.

What carries it out reads the event (service/erase_user.py); nothing is erased here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from identity import events, problems
from identity.domain import erasure as rules
from identity.domain import user as users
from identity.domain.erasure import Erasure, ErasureStatus
from identity.domain.rate_limit import Counter
from identity.domain.user import Status, User
from identity.events import event_of
from identity.service.change_user import NO_USER, UserBusy
from identity.service.ports import Accounts, Erasures
from identity.service.prove_again import Proof, ProofPorts, prove_again
from shop import clock, ids
from shop.problems import Problem
from shop.trace import Trace

ATTEMPTS = 5  # they may do two things at once


@dataclass(frozen=True, slots=True)
class ErasurePorts:
    """What asking and taking back need; `grace` is the time between asking and effect."""

    accounts: Accounts
    erasures: Erasures
    grace: timedelta
    region: str


BEGUN = Problem(problems.ERASURE_BEGUN, "The time to take it back is over.")
NONE = Problem(problems.NOT_FOUND, "No erasure was asked for.")


def request_own_erasure(
    user_id: str,
    proof: Proof,
    by: ErasurePorts,
    checks: ProofPorts,
    *,
    now: datetime,
    trace: Trace,
) -> Erasure | Problem:
    """Of the caller, who proves again who they are."""
    user = by.accounts.get(user_id)
    if user is None or not user.is_active:
        return NO_USER
    proven = prove_again(user, proof, checks, now=now)
    if isinstance(proven, Problem):
        return proven
    found = request_erasure(user_id, by, counters=proven, now=now, trace=trace)
    return NO_USER if found is None else found


def request_erasure(
    user_id: str,
    by: ErasurePorts,
    *,
    counters: tuple[Counter, ...] = (),
    now: datetime,
    trace: Trace,
) -> Erasure | None:
    """End all sessions, and let the user be erased when the time to take it back is over. Who asks
    again gets the one that waits; None if there is no such user."""
    for _ in range(ATTEMPTS):
        user = by.accounts.get(user_id)
        if user is None:
            return None
        if user.erasure_id is not None:
            return by.erasures.get(user.erasure_id)
        erasure_id = ids.generate("era", region=by.region, now=now)
        wanted = rules.request(erasure_id, user_id, grace=by.grace, now=now)
        after = users.request_erasure(user, erasure_id, now=now)
        data = events.UserErasureRequested(
            user_id=user_id, erasure_id=erasure_id, due_at=clock.rfc3339(wanted.due)
        )
        requested = event_of(data, user_id, after.sequence, now=now, trace=trace)
        if by.erasures.request(user, after, wanted, requested, counters=counters):
            return wanted
    raise UserBusy


def withdraw_erasure(
    user_id: str, by: ErasurePorts, *, now: datetime, trace: Trace
) -> Problem | None:
    """The user stays."""
    for _ in range(ATTEMPTS):
        user = by.accounts.get(user_id)
        if user is None:
            return NO_USER
        if user.status is Status.ERASING:
            return BEGUN
        if user.erasure_id is None:
            return NONE
        if _withdrawn(user, user.erasure_id, by, now=now, trace=trace):
            return None
    raise UserBusy


def _withdrawn(
    user: User, erasure_id: str, by: ErasurePorts, *, now: datetime, trace: Trace
) -> bool:
    waiting = by.erasures.get(erasure_id)
    if waiting is None:
        raise LookupError("a user waits for an erasure that is not there")
    after = users.withdraw_erasure(user, now=now)
    data = events.UserErasureWithdrawn(user_id=user.user_id, erasure_id=erasure_id)
    told = event_of(data, user.user_id, after.sequence, now=now, trace=trace)
    return by.erasures.move(
        rules.withdraw(waiting), since=ErasureStatus.REQUESTED, user=(user, after), told=told
    )
