"""POST /sessions. Problems: 401 invalid_credentials, 429 rate_limited."""

from typing import Any

from identity import problems, schemas, service
from identity.answers import token_pair
from identity.keys import AddressMac, KmsSigner
from identity.passwords import Argon2Passwords
from identity.repository import AccountRepository, SessionRepository
from identity.settings import SignInSettings, at_cold_start
from identity.tokens import TokenIssuer
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/sessions",
    "Sign in with e-mail and password",
    auth="public",
    request=schemas.SignInIn,
    responses={201: schemas.TokensOut},
    problems=(problems.INVALID_CREDENTIALS, problems.RATE_LIMITED),
    links=(Link("refresh_session", body={"refresh_token": "$response.body#/refresh_token"}),),
    throttle=(20, 40),
)


@at_cold_start
def doorman() -> service.Doorman:
    """The composition root of this function."""
    settings = SignInSettings.load()
    signer = KmsSigner(settings.token_key_arn)
    return service.Doorman(
        accounts=AccountRepository(),
        sessions=SessionRepository(),
        mac=AddressMac(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
        tokens=TokenIssuer(settings.token_issuer, settings.token_audience, signer),
        region=settings.home_region,
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Sign in."""
    body: schemas.SignInIn = request.body
    credentials = service.Credentials(
        email=body.email,
        password=body.password.get_secret_value(),
        device=body.device.name if body.device else None,
    )
    result = service.sign_in(credentials, doorman(), now=clock.now(), trace=request.trace)
    return result if isinstance(result, Problem) else token_pair(201, result)


handler = entrypoint(ROUTE, handle)
