"""DELETE /mfa/factors/{factor_id}. Problems: 401 step_up_required, 404 not_found."""

from typing import Any

from identity import problems
from identity.domain import factor as rules
from identity.domain.user import ANY_ROLE
from identity.repository.factors import FactorRepository
from identity.repository.users import AccountRepository
from identity.service.remove_factor import remove_factor
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import StepUp

ROUTE = Route(
    "DELETE",
    "/mfa/factors/{factor_id}",
    "Ask for a second factor no more; with the last one go the recovery codes",
    scopes=ANY_ROLE,
    responses={204: None},
    problems=(problems.NOT_FOUND,),
    ends_at_once=True,
    step_up=StepUp(rules.RECENT),
)

accounts, factors = AccountRepository(), FactorRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Gone at once."""
    refused = remove_factor(
        request.user.subject,
        request.path["factor_id"],
        accounts=accounts,
        factors=factors,
        now=clock.now(),
        trace=request.trace,
    )
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
