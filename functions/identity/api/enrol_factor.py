"""POST /mfa/factors. Problems: 401 step_up_required, 404 not_found, 409 too_many_factors."""

from typing import Any

from identity import problems, schemas
from identity.domain.user import ANY_ROLE
from identity.repository.factors import FactorRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.enrol_factor import EnrolmentPorts, Prover, enrol
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/mfa/factors",
    "Begin to enrol a second factor: the answer tells its secret, once",
    scopes=ANY_ROLE,
    request=schemas.FactorIn,
    responses={201: schemas.EnrolmentOut},
    problems=(problems.NOT_FOUND, problems.STEP_UP_REQUIRED, problems.TOO_MANY_FACTORS),
    links=(Link("confirm_factor", {"factor_id": "$response.body#/factor_id"}),),
    ends_at_once=True,
)


@at_cold_start
def ports() -> EnrolmentPorts:
    """The composition root of this function."""
    return EnrolmentPorts(
        accounts=AccountRepository(),
        factors=FactorRepository(),
        sessions=SessionRepository(),
        personal=personal_data(PersonalSettings.load()),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """A repeat begins another one."""
    caller = request.user
    prover = Prover(caller.subject, caller.session_id, caller.level, caller.proved)
    result = enrol(prover, request.body.label, ports(), now=clock.now())
    return result if isinstance(result, Problem) else Response(201, schemas.EnrolmentOut.of(result))


handler = entrypoint(ROUTE, handle)
