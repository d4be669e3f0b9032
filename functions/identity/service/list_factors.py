"""Which second factors a user can be asked for."""

from collections.abc import Sequence

from identity.domain import factor as rules
from identity.domain.factor import Factor
from identity.service.change_user import NO_USER
from identity.service.ports import Accounts, Factors, PersonalData
from identity.service.seal_details import open_factor
from shop.problems import Problem
from shop.user_keys import Erased


def list_factors(
    user_id: str, accounts: Accounts, factors: Factors, personal: PersonalData
) -> tuple[Sequence[tuple[Factor, str | None]], int] | Problem:
    """Each with what its user calls it, and how many recovery codes are left. A key is asked for
    only where there is something to open."""
    user, active = accounts.get(user_id), rules.active(factors.of(user_id))
    if user is None:
        return NO_USER
    if not active:
        return [], 0
    person = personal.to_open(user_id)
    if isinstance(person, Erased):
        return NO_USER
    labelled = [(each, open_factor(each, person).label) for each in active]
    return labelled, len(user.recovery_codes)
