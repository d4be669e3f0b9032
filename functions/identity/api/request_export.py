"""POST /users/me/export. Problems: 401 step_up_required, 404 not_found, 422 wrong_password,
429 rate_limited.
"""

from typing import Any

from identity import problems, schemas
from identity.domain import sign_in_attempts
from identity.repository.exports import ExportRepository
from identity.repository.users import AccountRepository
from identity.service.prove_again import ProofPorts
from identity.service.request_export import ExportPorts, request_own_export
from identity.settings import EmailSettings, at_cold_start
from identity.wiring import proof_of, proof_ports
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import OWN_ACCOUNT

ROUTE = Route(
    "POST",
    "/users/me/export",
    "Ask for all that is held of oneself: one archive a day, kept for a week",
    scopes=("shop:buy",),
    request=schemas.ExportIn,
    responses={202: schemas.ExportOut},
    problems=(
        problems.NOT_FOUND,
        problems.RATE_LIMITED,
        problems.WRONG_PASSWORD,
    ),
    links=(Link("get_export", {"export_id": "$response.body#/export_id"}),),
    ends_at_once=True,
    step_up=OWN_ACCOUNT,
    quotas=sign_in_attempts.QUOTAS,
)


@at_cold_start
def ports() -> tuple[ExportPorts, ProofPorts]:
    """The composition root of this function."""
    settings = EmailSettings.load()
    by = ExportPorts(AccountRepository(), ExportRepository(), settings.home_region)
    return by, proof_ports(settings)


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat: the one of this day is answered, without its link."""
    result = request_own_export(
        request.user.subject, proof_of(request), *ports(), now=clock.now(), trace=request.trace
    )
    return result if isinstance(result, Problem) else Response(202, schemas.ExportOut.of(result))


handler = entrypoint(ROUTE, handle)
