"""POST /oauth2/token: tokens for registered clients. Problems: those of RFC 6749 (5.2)."""

from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from identity import problems, schemas
from identity.clients.kms import NetworkHasher
from identity.domain import oauth_client
from identity.domain.access_token import ClientTokens
from identity.domain.oauth_client import GrantType, OAuthClient
from identity.repository.authorization_codes import AuthorizationCodeRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service import issue_client_tokens
from identity.service.authenticate_client import ClientPorts
from identity.service.issue_access_token import TokenIssuer
from identity.service.issue_client_tokens import CodeExchange, RefreshRequest
from identity.settings import RefreshSettings, at_cold_start
from identity.wiring import client_of, client_ports, key_ring
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/oauth2/token",
    "Get tokens as a registered client: for itself, by a code, or by a refresh token",
    auth="public",
    request=schemas.TokenIn,
    form=True,
    errors="oauth",
    responses={200: schemas.ClientTokensOut},
    problems=(
        problems.INVALID_CLIENT,
        problems.INVALID_GRANT,
        problems.INVALID_SCOPE,
        problems.UNAUTHORIZED_CLIENT,
        problems.UNSUPPORTED_GRANT_TYPE,
        problems.RATE_LIMITED,
    ),
    throttle=(100, 200),
    quotas=oauth_client.QUOTAS,
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What this function is composed of."""

    client: ClientPorts
    tokens: issue_client_tokens.TokenPorts


@at_cold_start
def ports() -> Ports:
    """The composition root of this function."""
    settings = RefreshSettings.load()
    signer = key_ring(settings)
    tokens = issue_client_tokens.TokenPorts(
        accounts=AccountRepository(),
        sessions=SessionRepository(),
        codes=AuthorizationCodeRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        tokens=TokenIssuer(settings.token_issuer, settings.token_audience, signer),
        region=settings.home_region,
    )
    return Ports(client_ports(settings), tokens)


def handle(request: Request[Any]) -> Response | Problem:
    """The client is proved before anything that it brings is looked at."""
    client = client_of(request, ports().client)
    if isinstance(client, Problem):
        return client
    granted = _grant(client, request)
    return granted if isinstance(granted, Problem) else _answer(granted)


def _grant(client: OAuthClient, request: Request[Any]) -> ClientTokens | Problem:
    body: schemas.TokenIn = request.body
    by, now = ports().tokens, clock.now()
    match body.grant_type:
        case GrantType.CLIENT_CREDENTIALS:
            return issue_client_tokens.for_itself(client, body.scope, by.tokens, now=now)
        case GrantType.AUTHORIZATION_CODE:
            brought = CodeExchange(
                _text(body.code), body.redirect_uri or "", _text(body.code_verifier)
            )
            if not (brought.code and brought.redirect_uri and brought.verifier):
                return _missing("code, redirect_uri and code_verifier")
            return issue_client_tokens.by_code(client, brought, by, now=now, trace=request.trace)
        case GrantType.REFRESH_TOKEN:
            if body.refresh_token is None:
                return _missing("refresh_token")
            refresh = RefreshRequest(
                _text(body.refresh_token),
                body.scope,
                request.source_ip,
                request.headers.get("user-agent", ""),
            )
            return issue_client_tokens.by_refresh_token(
                client, refresh, by, now=now, trace=request.trace
            )
    return Problem(problems.UNSUPPORTED_GRANT_TYPE, f"There are: {', '.join(GrantType)}.")


def _answer(tokens: ClientTokens) -> Response:
    headers = {"Pragma": "no-cache"}  # RFC 6749, 5.1; every answer is no-store
    return Response(200, schemas.ClientTokensOut.of(tokens), headers=headers)


def _missing(names: str) -> Problem:
    return Problem(problems.INVALID_REQUEST, f"This grant type needs {names}.")


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


handler = entrypoint(ROUTE, handle)
