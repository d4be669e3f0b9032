"""Access tokens: JWTs by RFC 9068, signed with ES256 by a key that never leaves KMS."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity.domain import user
from identity.domain.access_token import ACCESS_TTL_S, AccessToken
from identity.domain.session import TokenFamily
from identity.domain.token_keys import ALGORITHM
from identity.domain.user import User
from identity.service.ports import Signer
from shop.text import base64url, compact_json

TYPE = "at+jwt"


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Issues access tokens. One Sign per token."""

    issuer: str
    audience: str
    signer: Signer

    def issue(self, holder: User, family: TokenFamily, *, now: datetime) -> AccessToken:
        """A token of this session: with the scopes of its user's role, or those of them that its
        client was given."""
        issued_at = int(now.timestamp())
        scope = _scope(user.SCOPES[holder.role], family.scope)
        proof = family.authentication
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": holder.user_id,
            "iat": issued_at,
            "exp": issued_at + ACCESS_TTL_S,
            "jti": secrets.token_urlsafe(16),
            "sid": family.session_id,
            "scope": scope,
            "role": holder.role.value,
            "client_id": family.client_id,
            "acr": proof.level.value,
            "amr": [method.value for method in proof.methods],
            "auth_time": int(proof.at.timestamp()),
        }
        return AccessToken(encode(claims, self.signer), scope)


def _scope(held: str, given: str | None) -> str:
    """What a client was given counts as long as the user holds it."""
    if given is None:
        return held
    return " ".join(each for each in held.split() if each in given.split())


def encode(claims: dict[str, Any], signer: Signer, *, type_: str = TYPE) -> str:
    """The compact serialization (RFC 7515, section 3.1)."""
    key = signer.current()
    header = {"alg": ALGORITHM, "typ": type_, "kid": key.kid}
    message = f"{_json(header)}.{_json(claims)}"
    return f"{message}.{base64url(key.sign(message.encode()))}"


def _json(value: dict[str, Any]) -> str:
    return base64url(compact_json(value).encode())
