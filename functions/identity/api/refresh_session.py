"""POST /sessions/refresh. Problems: 401 invalid_refresh_token."""

from typing import Any

from identity import problems, schemas, service
from identity.answers import token_pair
from identity.keys import KmsSigner
from identity.repository import AccountRepository, SessionRepository
from identity.settings import TokenSettings, at_cold_start
from identity.tokens import TokenIssuer
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/sessions/refresh",
    "Replace a refresh token by a new pair; one that was replaced before ends the session",
    auth="public",
    request=schemas.RefreshIn,
    responses={200: schemas.TokensOut},
    problems=(problems.INVALID_REFRESH_TOKEN,),
    links=(Link("refresh_session", body={"refresh_token": "$response.body#/refresh_token"}),),
    throttle=(50, 100),
)


@at_cold_start
def renewal() -> service.Renewal:
    """The composition root of this function."""
    settings = TokenSettings.load()
    signer = KmsSigner(settings.token_key_arn)
    return service.Renewal(
        accounts=AccountRepository(),
        sessions=SessionRepository(),
        tokens=TokenIssuer(settings.token_issuer, settings.token_audience, signer),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Refresh."""
    token = request.body.refresh_token.get_secret_value()
    result = service.refresh(token, renewal(), now=clock.now(), trace=request.trace)
    return result if isinstance(result, Problem) else token_pair(200, result)


handler = entrypoint(ROUTE, handle)
