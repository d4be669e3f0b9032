"""POST /mfa/recovery-codes. Problems: 401 step_up_required, 404 not_found, 409 no_second_factor."""

from typing import Any

from identity import problems, schemas
from identity.domain import factor as rules
from identity.domain.user import ANY_ROLE
from identity.repository.users import AccountRepository
from identity.service.renew_recovery_codes import renew_recovery_codes
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import StepUp

ROUTE = Route(
    "POST",
    "/mfa/recovery-codes",
    "Ten new recovery codes, told once; those of before are void",
    scopes=ANY_ROLE,
    responses={201: schemas.RecoveryCodesOut},
    problems=(problems.NOT_FOUND, problems.NO_SECOND_FACTOR),
    ends_at_once=True,
    step_up=StepUp(rules.RECENT),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """A repeat makes others again."""
    result = renew_recovery_codes(
        request.user.subject, accounts, personal(), now=clock.now(), trace=request.trace
    )
    if isinstance(result, Problem):
        return result
    return Response(201, schemas.RecoveryCodesOut(recovery_codes=[*result]))


handler = entrypoint(ROUTE, handle)
