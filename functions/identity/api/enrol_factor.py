"""POST /mfa/factors. Problems: 401 step_up_required, 404 not_found, 409 too_many_factors."""

from typing import Any

from identity import problems, schemas
from identity.domain import mail_limits
from identity.domain.factor import Kind
from identity.domain.user import ANY_ROLE
from identity.service.enrol_factor import Prover, Wish, enrol
from identity.settings import at_cold_start
from identity.wiring import enrolment_ports
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
    problems=(
        problems.NOT_FOUND,
        problems.FORBIDDEN,
        problems.STEP_UP_REQUIRED,
        problems.TOO_MANY_FACTORS,
        problems.RATE_LIMITED,
    ),
    links=(Link("confirm_factor", {"factor_id": "$response.body#/factor_id"}),),
    ends_at_once=True,
    quotas=mail_limits.QUOTAS,
)

ports = at_cold_start(enrolment_ports)


def handle(request: Request[Any]) -> Response | Problem:
    """A repeat begins another one."""
    caller = request.user
    prover = Prover(caller.subject, caller.session_id, caller.level, caller.proved)
    wish = Wish(Kind(request.body.type), request.body.label, request.source_ip)
    result = enrol(prover, wish, ports(), now=clock.now(), trace=request.trace)
    return result if isinstance(result, Problem) else Response(201, schemas.EnrolmentOut.of(result))


handler = entrypoint(ROUTE, handle)
