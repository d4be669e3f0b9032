"""POST /password/reset. Problems: 400 invalid_request, 410 mailed_token_void."""

from typing import Any

from identity import problems, schemas
from identity.clients.argon2_passwords import Argon2Passwords
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.users import AccountRepository
from identity.service.reset_password import ResetPorts, reset_password
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/password/reset",
    "Set another password by the mailed token; all sessions end",
    auth="public",
    request=schemas.MailedTokenIn,
    responses={204: None},
    problems=(problems.MAILED_TOKEN_VOID,),
    throttle=(50, 100),
)


@at_cold_start
def ports() -> ResetPorts:
    """The composition root of this function."""
    return ResetPorts(
        requests=MailRequestRepository(),
        accounts=AccountRepository(),
        passwords=Argon2Passwords(),
        personal=personal_data(PersonalSettings.load()),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Reset."""
    body: schemas.MailedTokenIn = request.body
    token, password = body.token.get_secret_value().strip(), body.password.get_secret_value()
    refused = reset_password(token, password, ports(), now=clock.now(), trace=request.trace)
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
