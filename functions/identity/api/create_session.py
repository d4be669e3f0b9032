"""POST /sessions. Problems: 401 invalid_credentials, 429 rate_limited."""

from functools import cache, partial
from typing import Any

from identity import problems, schemas
from identity.clients.argon2_passwords import Argon2Passwords
from identity.clients.kms import EmailHasher, NetworkHasher
from identity.domain import sign_in_attempts
from identity.repository.counters import AttemptRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service import create_session
from identity.service.issue_access_token import TokenIssuer
from identity.service.prove_password import Credentials
from identity.settings import SignInSettings, at_cold_start
from identity.wiring import key_ring, personal_data
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
    throttle=(100, 200),
    quotas=sign_in_attempts.QUOTAS,
)


@at_cold_start
def ports() -> create_session.SignInPorts:
    """The composition root of this function."""
    settings = SignInSettings.load()
    signer = key_ring(settings)
    return create_session.SignInPorts(
        accounts=AccountRepository(),
        attempts=AttemptRepository(),
        sessions=SessionRepository(),
        mac=EmailHasher(settings.email_mac_key_arn),
        networks=NetworkHasher(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
        tokens=TokenIssuer(settings.token_issuer, settings.token_audience, signer),
        personal=cache(partial(personal_data, settings)),
        region=settings.home_region,
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Sign in."""
    body: schemas.SignInIn = request.body
    credentials = Credentials(
        email=body.email,
        password=body.password.get_secret_value(),
        source_ip=request.source_ip,
        device=body.device.name if body.device else None,
    )
    result = create_session.sign_in(credentials, ports(), now=clock.now(), trace=request.trace)
    return result if isinstance(result, Problem) else Response(201, schemas.TokensOut.of(result))


handler = entrypoint(ROUTE, handle)
