"""POST /mfa/factors/{factor_id}/confirm.

Problems: 401 step_up_required, 404 not_found, 410 enrolment_void, 422 wrong_code.
"""

from typing import Any

from identity import problems, schemas
from identity.domain.user import ANY_ROLE
from identity.service.enrol_factor import Prover, confirm
from identity.settings import at_cold_start
from identity.wiring import enrolment_ports
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/mfa/factors/{factor_id}/confirm",
    "Let a second factor count, by a code of it; with the first come recovery codes, once",
    scopes=ANY_ROLE,
    request=schemas.CodeIn,
    responses={200: schemas.ConfirmedOut},
    problems=(
        problems.NOT_FOUND,
        problems.STEP_UP_REQUIRED,
        problems.ENROLMENT_VOID,
        problems.WRONG_CODE,
    ),
    links=(Link("challenge_factor", body={"factor_id": "$response.body#/factor_id"}),),
    ends_at_once=True,
)

ports = at_cold_start(enrolment_ports)


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat."""
    caller = request.user
    result = confirm(
        Prover(caller.subject, caller.session_id, caller.level, caller.proved),
        request.path["factor_id"],
        request.body.code.get_secret_value(),
        ports(),
        now=clock.now(),
        trace=request.trace,
    )
    return result if isinstance(result, Problem) else Response(200, schemas.ConfirmedOut.of(result))


handler = entrypoint(ROUTE, handle)
