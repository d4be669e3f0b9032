"""POST /oauth2/revoke: a client ends what it was given (RFC 7009)."""

from dataclasses import dataclass
from typing import Any

from identity import problems, schemas
from identity.domain import oauth_client
from identity.service import inspect_client_token
from identity.service.authenticate_client import ClientPorts
from identity.service.inspect_client_token import InspectionPorts
from identity.settings import RefreshSettings, at_cold_start
from identity.wiring import client_of, client_ports, inspection_ports
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/oauth2/revoke",
    "End the session that a token of the client is of; a token that is over is no error",
    auth="public",
    request=schemas.RevokeIn,
    form=True,
    errors="oauth",
    responses={200: None},
    problems=(
        problems.INVALID_CLIENT,
        problems.INVALID_GRANT,
        problems.UNSUPPORTED_TOKEN_TYPE,
        problems.RATE_LIMITED,
    ),
    throttle=(50, 100),
    quotas=oauth_client.QUOTAS,
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What this function is composed of."""

    client: ClientPorts
    tokens: InspectionPorts


@at_cold_start
def ports() -> Ports:
    """The composition root of this function."""
    settings = RefreshSettings.load()
    return Ports(client_ports(settings), inspection_ports(settings))


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat."""
    client = client_of(request, ports().client)
    if isinstance(client, Problem):
        return client
    token = request.body.token.get_secret_value()
    refused = inspect_client_token.revoke(
        token, client, ports().tokens, now=clock.now(), trace=request.trace
    )
    return refused or Response(200)


handler = entrypoint(ROUTE, handle)
