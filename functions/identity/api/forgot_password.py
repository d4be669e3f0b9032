"""POST /password/forgot. The answer is the same whatever the address is."""

from typing import Any

from identity import problems, schemas, wiring
from identity.domain import mail_limits
from identity.domain.mailed_token import Purpose
from identity.service.request_mail import request_mail
from identity.settings import at_cold_start
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/password/forgot",
    "Mail a link that sets a password anew",
    auth="public",
    request=schemas.EmailIn,
    responses={202: None},
    problems=(problems.RATE_LIMITED,),
    throttle=(50, 100),
    quotas=mail_limits.QUOTAS,
)

ports = at_cold_start(wiring.mail_request_ports)


def handle(request: Request[Any]) -> Response | Problem:
    """Ask for it."""
    refused = request_mail(
        Purpose.RESET,
        request.body.email,
        ports(),
        source_ip=request.source_ip,
        now=clock.now(),
        trace=request.trace,
    )
    return refused or Response(202)


handler = entrypoint(ROUTE, handle)
