"""Make recovery codes anew, which makes those of before void."""

from datetime import datetime

from identity import events, problems
from identity.domain import user as rules
from identity.events import event_of
from identity.service.change_user import ATTEMPTS, NO_USER, UserBusy
from identity.service.enrol_factor import new_recovery_codes
from identity.service.ports import Accounts, PersonalData
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased

NOTHING_TO_RECOVER = Problem(
    problems.NO_SECOND_FACTOR, "Recovery codes stand in for a second factor: enrol one first."
)


def renew_recovery_codes(
    user_id: str, accounts: Accounts, personal: PersonalData, *, now: datetime, trace: Trace
) -> tuple[str, ...] | Problem:
    """The new ones, which nobody can be told again."""
    person = personal.to_open(user_id)
    if isinstance(person, Erased):
        return NO_USER
    codes, digests = new_recovery_codes(person)
    for _ in range(ATTEMPTS):
        user = accounts.get(user_id)
        if user is None:
            return NO_USER
        if not user.factors:
            return NOTHING_TO_RECOVER
        after = rules.renew_recovery_codes(user, digests, now=now)
        data = events.UserRecoveryCodesRenewed(user_id=user_id)
        if accounts.change(
            user, after, event_of(data, user_id, after.sequence, now=now, trace=trace)
        ):
            return codes
    raise UserBusy
