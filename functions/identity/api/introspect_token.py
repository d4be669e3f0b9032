"""POST /oauth2/introspect: what a token is worth, to the client that has it (RFC 7662)."""

from dataclasses import dataclass
from typing import Any

from identity import problems, schemas
from identity.domain import oauth_client
from identity.service import inspect_client_token
from identity.service.authenticate_client import INVALID_CLIENT, ClientPorts
from identity.service.inspect_client_token import InspectionPorts
from identity.settings import RefreshSettings, at_cold_start
from identity.wiring import client_of, client_ports, inspection_ports
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/oauth2/introspect",
    "What a token of the client is worth now; of any other: that it is not active",
    auth="public",
    request=schemas.IntrospectIn,
    form=True,
    errors="oauth",
    responses={200: schemas.IntrospectionOut},
    problems=(problems.INVALID_CLIENT, problems.RATE_LIMITED),
    throttle=(50, 100),
    quotas=oauth_client.QUOTAS,
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What this function is composed of."""

    client: ClientPorts
    tokens: InspectionPorts
    issuer: str


@at_cold_start
def ports() -> Ports:
    """The composition root of this function."""
    settings = RefreshSettings.load()
    return Ports(client_ports(settings), inspection_ports(settings), settings.token_issuer)


def handle(request: Request[Any]) -> Response | Problem:
    """For confidential clients: a public one proves nothing (RFC 7662, 2.1)."""
    client = client_of(request, ports().client)
    if isinstance(client, Problem):
        return client
    if not client.is_confidential:
        return INVALID_CLIENT
    token = request.body.token.get_secret_value()
    found = inspect_client_token.introspect(token, client, ports().tokens, now=clock.now())
    return Response(200, schemas.IntrospectionOut.of(found, issuer=ports().issuer))


handler = entrypoint(ROUTE, handle)
