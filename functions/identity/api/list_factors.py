"""GET /mfa/factors. Problems: 404 not_found."""

from typing import Any

from identity import problems, schemas
from identity.domain.user import ANY_ROLE
from identity.repository.factors import FactorRepository
from identity.repository.users import AccountRepository
from identity.service.list_factors import list_factors
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/mfa/factors",
    "The caller's second factors, oldest first, and how many recovery codes are left",
    scopes=ANY_ROLE,
    responses={200: schemas.FactorListOut},
    problems=(problems.NOT_FOUND,),
    links=(
        Link("challenge_factor", body={"factor_id": "$response.body#/data/0/factor_id"}),
        Link("remove_factor", {"factor_id": "$response.body#/data/0/factor_id"}),
    ),
)

accounts, factors = AccountRepository(), FactorRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """One read of the user, one query."""
    result = list_factors(request.user.subject, accounts, factors, personal())
    return (
        result if isinstance(result, Problem) else Response(200, schemas.FactorListOut.of(*result))
    )


handler = entrypoint(ROUTE, handle)
