"""POST /users/verify. Problems: 400 invalid_request, 410 mailed_token_void."""

from typing import Any

from identity import problems, schemas
from identity.clients.argon2_passwords import Argon2Passwords
from identity.clients.kms import MailedSecrets
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.users import AccountRepository
from identity.service.verify_address import ProofPorts, verify_address
from identity.settings import AccountSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/users/verify",
    "Prove the address by the mailed token, and choose the password: the account is there",
    auth="public",
    request=schemas.MailedTokenIn,
    responses={200: schemas.VerifiedOut},
    problems=(problems.MAILED_TOKEN_VOID,),
    links=(Link("verify_user", body={"token": "$request.body#/token"}),),
    throttle=(50, 100),
)


@at_cold_start
def ports() -> ProofPorts:
    """The composition root of this function."""
    settings = AccountSettings.load()
    return ProofPorts(
        requests=MailRequestRepository(),
        accounts=AccountRepository(),
        secrets=MailedSecrets(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
        personal=personal_data(settings),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Verify."""
    body: schemas.MailedTokenIn = request.body
    token, password = body.token.get_secret_value().strip(), body.password.get_secret_value()
    result = verify_address(token, password, ports(), now=clock.now(), trace=request.trace)
    if isinstance(result, Problem):
        return result
    return Response(200, schemas.VerifiedOut(user_id=result, status="active"))


handler = entrypoint(ROUTE, handle)
