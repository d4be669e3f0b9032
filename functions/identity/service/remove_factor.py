"""Let second factors go: one's own, or, as an operator, all of somebody who has lost theirs."""

from datetime import datetime

from identity import events
from identity.domain import factor as rules
from identity.domain import user as users
from identity.domain.factor import Status
from identity.domain.mailed_token import Purpose
from identity.domain.user import User
from identity.events import event_of
from identity.service.change_access import ATTEMPTS, AccountBusy, changed_by, find
from identity.service.change_user import NO_USER, UserBusy
from identity.service.create_staff import AccountPorts
from identity.service.enrol_factor import NO_FACTOR
from identity.service.ports import AccountChange, Accounts, Factors
from identity.service.request_mail import notice
from shop import ids
from shop.problems import Problem
from shop.trace import Trace


def remove_factor(
    user_id: str,
    factor_id: str,
    *,
    accounts: Accounts,
    factors: Factors,
    now: datetime,
    trace: Trace,
) -> Problem | None:
    """Ask for it no more, and forget its secret; a repeat finds it removed."""
    if not ids.is_id("fac", factor_id):  # A path may hold anything, a key not.
        return NO_FACTOR
    for _ in range(ATTEMPTS):
        user, found = accounts.get(user_id), factors.get(user_id, factor_id)
        if user is None:
            return NO_USER
        if found is None or found.status is Status.PENDING:
            return NO_FACTOR
        if found.status is Status.REMOVED:
            return None
        after = users.remove_factor(user, now=now)
        data = events.UserFactorRemoved(user_id=user_id, factor_id=factor_id)
        change = AccountChange(
            user,
            after,
            event_of(data, user_id, after.sequence, now=now, trace=trace),
            notice(Purpose.FACTOR_REMOVED, user, now=now, trace=trace),
        )
        if factors.remove([found], change, now=now):
            return None
    raise UserBusy


def reset_factors(
    email: str,
    by: AccountPorts,
    factors: Factors,
    *,
    operator: str,
    now: datetime,
    trace: Trace,
) -> tuple[User, int] | None:
    """The user, and how many factors went; None if there is no such user. Sessions of before are
    over, so that who took the old device goes with it. Of who has none nothing is changed."""
    for _ in range(ATTEMPTS):
        user = find(email, accounts=by.accounts, mac=by.mac)
        if user is None:
            return None
        active = rules.active(factors.of(user.user_id))
        if not active and not user.factors:
            return user, 0
        change = _reset(user, by, operator=operator, now=now, trace=trace)
        if factors.remove(active, change, now=now):
            return change.after, len(active)
    raise AccountBusy


def _reset(
    user: User, by: AccountPorts, *, operator: str, now: datetime, trace: Trace
) -> AccountChange:
    after = users.reset_factors(user, changed_by(operator, user, by), now=now)
    data = events.UserFactorsReset(user_id=user.user_id)
    return AccountChange(
        user,
        after,
        event_of(data, user.user_id, after.sequence, now=now, trace=trace),
        notice(Purpose.FACTORS_RESET, user, now=now, trace=trace),
    )
