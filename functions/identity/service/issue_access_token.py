"""Access tokens: JWTs by RFC 9068, signed with ES256 by a key that never leaves KMS."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity.domain import user
from identity.domain.access_token import ACCESS_TTL_S, AccessToken
from identity.domain.user import Role
from identity.service.ports import Signer
from shop.text import compact_json

TYPE = "at+jwt"
ALGORITHM = "ES256"
# The shop's own clients. Partners will have ids of their own.
CLIENT_ID = "cartwright"


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Issues access tokens. One Sign per token."""

    issuer: str
    audience: str
    signer: Signer

    def issue(self, user_id: str, role: Role, *, session_id: str, now: datetime) -> AccessToken:
        """A token that acts for the user with the scopes of their role."""
        issued_at = int(now.timestamp())
        scope = user.SCOPES[role]
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": user_id,
            "iat": issued_at,
            "exp": issued_at + ACCESS_TTL_S,
            "jti": secrets.token_urlsafe(16),
            "sid": session_id,
            "scope": scope,
            "role": role.value,
            "client_id": CLIENT_ID,
        }
        return AccessToken(encode(claims, self.signer), scope)


def encode(claims: dict[str, Any], signer: Signer) -> str:
    """The compact serialization (RFC 7515, section 3.1)."""
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": signer.kid}
    message = f"{_json(header)}.{_json(claims)}"
    return f"{message}.{base64url(signer.sign(message.encode()))}"


def base64url(data: bytes) -> str:
    """Without padding, as JOSE writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _json(value: dict[str, Any]) -> str:
    return base64url(compact_json(value).encode())
