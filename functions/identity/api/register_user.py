"""POST /users. The answer is the same whether or not the address is taken.

The password is not kept: the one that counts is set by who reads the mail. If that is this one,
name and consents count as they were given here.
"""

from typing import Any

from identity import problems, schemas, wiring
from identity.domain import mail_limits
from identity.domain.mailed_token import Applicant
from identity.service.register_user import register
from identity.settings import at_cold_start
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/users",
    "Register with an e-mail address; the account is made by the link that is mailed there",
    auth="public",
    request=schemas.RegisterIn,
    responses={202: schemas.RegisteredOut},
    problems=(problems.RATE_LIMITED,),
    throttle=(50, 100),
    quotas=mail_limits.QUOTAS,
)

ports = at_cold_start(wiring.mail_request_ports)


def handle(request: Request[Any]) -> Response | Problem:
    """Register."""
    body: schemas.RegisterIn = request.body
    applicant = Applicant(
        email=body.email,
        name=body.profile.name,
        locale=body.profile.locale,
        marketing=body.consents.marketing,
    )
    result = register(
        applicant,
        body.password.get_secret_value(),
        ports(),
        source_ip=request.source_ip,
        now=clock.now(),
        trace=request.trace,
    )
    if isinstance(result, Problem):
        return result
    return Response(202, schemas.RegisteredOut(user_id=result, status="pending_verification"))


handler = entrypoint(ROUTE, handle)
