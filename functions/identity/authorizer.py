"""The gateway's TOKEN authorizer: an access token in, the policy of all that it opens out.

One call to AWS: user and session are read, so that a session that was ended, or an account that was
closed, counts no more. Which keys are trusted is read once per process and minute. A token that is
missing or bad, or whose session is over, is answered `Unauthorized`, which the gateway turns into
401; a failure of KMS or DynamoDB is a fault (503 there), because a client that is told 401 would
throw its session away.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from identity.clients.key_ring import KeyRing
from identity.domain import route_permissions
from identity.domain.session import OWN_CLIENT
from identity.repository.session_statuses import SessionStatusRepository
from identity.repository.token_keys import TokenKeyRepository
from identity.service.ports import SessionStatuses
from identity.service.verify_access_token import InvalidToken, Verified, Verifier
from identity.settings import TokenSettings, at_cold_start
from shop import clock, telemetry
from shop.invocation import invoked

ROUTES = Path(__file__).with_name("routes.json")
# RFC 6750 (2.1), and the scheme in any case (RFC 9110, 11.1).
_BEARER = re.compile(r"(?i:bearer) +([A-Za-z0-9._~+/-]+=*)")


@dataclass(frozen=True, slots=True)
class AuthorizerPorts:
    """What the authorizer needs."""

    verifier: Verifier
    statuses: SessionStatuses
    grants: tuple[route_permissions.RoutePermission, ...]
    grants_of_others: tuple[route_permissions.RoutePermission, ...]  # not of the shop's own clients


@at_cold_start
def gate() -> AuthorizerPorts:
    """The composition root of this function."""
    settings = TokenSettings.load()
    grants = route_permissions.load(ROUTES)
    ring = KeyRing(settings.token_key_arn, TokenKeyRepository(settings.table_identity))
    return AuthorizerPorts(
        Verifier(
            settings.token_issuer,
            settings.token_audience,
            key_of=ring.public_key,
        ),
        SessionStatusRepository(settings.table_identity),
        grants,
        tuple(grant for grant in grants if not grant.first_party),
    )


@invoked
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """The policy for the caller of this stage; raises exactly "Unauthorized" for a bad token."""
    try:
        result = _verify(event.get("authorizationToken") or "")
    except Exception as error:
        telemetry.log_error("authorizer failed", error)
        telemetry.emit_metric("AuthorizerFault")
        raise
    if isinstance(result, InvalidToken):
        telemetry.logger.info("authorizer", extra={"outcome": "refused", "reason": result.reason})
        telemetry.emit_metric("TokenRefused")  # What Lambda counts as an error and is none.
        raise Exception("Unauthorized")  # The gateway knows this text and no other.
    token, factors = result
    telemetry.logger.info("authorizer", extra={"outcome": "verified", "subject": token.sub})
    return {
        "principalId": token.sub,
        "policyDocument": route_permissions.document(
            _grants_for(token),
            token.scope.split(),
            stage_arn="/".join(event["methodArn"].split("/")[:2]),
        ),
        "context": _context_of(token, factors),
    }


def _verify(header: str) -> tuple[Verified, int] | InvalidToken:
    """The token, and how many second factors its user has."""
    match = _BEARER.fullmatch(header)
    if match is None:
        return InvalidToken("no_bearer_token")
    now = clock.now()
    token = gate().verifier.verify(match.group(1), now=now)
    if isinstance(token, InvalidToken):
        return token
    factors = _factors(token, now=now)
    return InvalidToken("session_over") if factors is None else (token, factors)


def _factors(token: Verified, *, now: datetime) -> int | None:
    """How many second factors whose token it is has; None if they, or the client to which it was
    issued, may not act any more. One call."""
    statuses = gate().statuses
    if token.is_of_client:
        return 0 if statuses.is_active_client(token.client_id) else None
    registered = None if token.client_id == OWN_CLIENT else token.client_id
    status = statuses.of(token.sub, token.sid, client_id=registered)
    return status.factors if status and status.is_active(token.sid, now=now) else None


def _grants_for(token: Verified) -> tuple[route_permissions.RoutePermission, ...]:
    own = token.client_id == OWN_CLIENT
    return gate().grants if own else gate().grants_of_others


def _context_of(token: Verified, factors: int) -> dict[str, str]:
    """What handlers see. `exp`, because the gateway may keep the policy longer than that; `factors`
    as they are now, for a token is older than that."""
    return {
        "sub": token.sub,
        "sid": token.sid,
        "scope": token.scope,
        "role": token.role,
        "exp": str(token.exp),
        "client_id": token.client_id,
        "first_party": str(token.client_id == OWN_CLIENT).lower(),
        "acr": token.acr,
        "auth_time": str(token.auth_time),
        "factors": str(factors),
    }
