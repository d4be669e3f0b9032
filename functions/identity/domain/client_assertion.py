"""What a signed assertion of a client must say (RFC 7523, 3; OpenID Connect Core, 9)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS256", "PS256", "ES256")
LONGEST_S = 300
LEEWAY_S = 5
MAX_ID = 255


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """An assertion that may be used once: its id, until when it could be used again."""

    client_id: str
    jti: str
    expires_at: int


def read(
    claims: Mapping[str, Any], *, client_id: str, audiences: Collection[str], now: datetime
) -> ClientAssertion | None:
    """The assertion; None if it is not one of this client, for us, for now."""
    at = int(now.timestamp())
    jti, exp = claims.get("jti"), claims.get("exp")
    if (claims.get("iss"), claims.get("sub")) != (client_id, client_id):
        return None
    if not _is_for(claims.get("aud"), audiences) or not isinstance(jti, str):
        return None
    if not 0 < len(jti) <= MAX_ID or not isinstance(exp, int):
        return None
    begun = [claims[name] for name in ("iat", "nbf") if name in claims]
    if not all(_is_whole(each) and each <= at + LEEWAY_S for each in begun):
        return None
    if not at - LEEWAY_S < exp <= at + LONGEST_S + LEEWAY_S:
        return None
    return ClientAssertion(client_id, jti, exp)


def _is_for(audience: Any, ours: Collection[str]) -> bool:
    """One audience, and that is we: what is for others too, they could send on."""
    given = audience if isinstance(audience, list) else [audience]
    return len(given) == 1 and isinstance(given[0], str) and given[0] in ours


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
