"""DELETE /users/me/erasure: stay. Problems: 404 not_found, 409 erasure_begun."""

from typing import Any

from identity import problems
from identity.service.request_erasure import withdraw_erasure
from identity.settings import GraceSettings, at_cold_start
from identity.wiring import erasure_ports
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "DELETE",
    "/users/me/erasure",
    "Take the wish to be erased back, as long as its time has not come",
    scopes=("shop:buy",),
    responses={204: None},
    problems=(problems.NOT_FOUND, problems.ERASURE_BEGUN),
    ends_at_once=True,
)

ports = at_cold_start(lambda: erasure_ports(GraceSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """Every session began after the wish, so who asks has signed in since."""
    refused = withdraw_erasure(request.user.subject, ports(), now=clock.now(), trace=request.trace)
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
