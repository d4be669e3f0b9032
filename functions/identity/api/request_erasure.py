"""POST /users/me/erasure. Problems: 401 step_up_required, 404 not_found, 422 wrong_password,
429 rate_limited.

A token alone does not do it: it could be stolen. An open order is no reason to refuse; what
carries the erasure out waits until it is finished.
"""

from typing import Any

from identity import problems, schemas
from identity.domain import sign_in_attempts
from identity.service.prove_again import ProofPorts
from identity.service.request_erasure import ErasurePorts, request_own_erasure
from identity.settings import ErasureSettings, at_cold_start
from identity.wiring import erasure_ports, proof_of, proof_ports
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import OWN_ACCOUNT

ROUTE = Route(
    "POST",
    "/users/me/erasure",
    "Ask to be erased: all sessions end, and all that is personal when the time to think is over",
    scopes=("shop:buy",),
    request=schemas.ErasureIn,
    responses={202: schemas.ErasureOut},
    problems=(
        problems.NOT_FOUND,
        problems.RATE_LIMITED,
        problems.WRONG_PASSWORD,
    ),
    links=(Link("get_erasure", {"erasure_id": "$response.body#/erasure_id"}),),
    ends_at_once=True,
    step_up=OWN_ACCOUNT,
    quotas=sign_in_attempts.QUOTAS,
)


@at_cold_start
def ports() -> tuple[ErasurePorts, ProofPorts]:
    """The composition root of this function."""
    settings = ErasureSettings.load()
    return erasure_ports(settings), proof_ports(settings)


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat: the one that waits is answered."""
    result = request_own_erasure(
        request.user.subject, proof_of(request), *ports(), now=clock.now(), trace=request.trace
    )
    return result if isinstance(result, Problem) else Response(202, schemas.ErasureOut.of(result))


handler = entrypoint(ROUTE, handle)
