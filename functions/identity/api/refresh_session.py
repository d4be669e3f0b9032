"""POST /sessions/refresh. Problems: 401 invalid_refresh_token."""

from typing import Any

from identity import problems, schemas
from identity.clients.kms import NetworkHasher
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service import refresh_session
from identity.service.issue_access_token import TokenIssuer
from identity.settings import RefreshSettings, at_cold_start
from identity.wiring import key_ring
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
    throttle=(200, 400),
    knows_client_by_key=True,
)


@at_cold_start
def ports() -> refresh_session.RefreshPorts:
    """The composition root of this function."""
    settings = RefreshSettings.load()
    signer = key_ring(settings)
    return refresh_session.RefreshPorts(
        accounts=AccountRepository(),
        sessions=SessionRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        tokens=TokenIssuer(settings.token_issuer, settings.token_audience, signer),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Refresh."""
    token = request.body.refresh_token.get_secret_value().strip()
    client = refresh_session.Client(
        source_ip=request.source_ip,
        user_agent=request.headers.get("user-agent", ""),
        key=request.key,
    )
    result = refresh_session.refresh(token, client, ports(), now=clock.now(), trace=request.trace)
    return result if isinstance(result, Problem) else Response(200, schemas.TokensOut.of(result))


handler = entrypoint(ROUTE, handle)
