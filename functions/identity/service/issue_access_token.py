"""Access tokens: JWTs by RFC 9068, signed with ES256 by a key that never leaves KMS."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity.domain import user
from identity.domain.access_token import ACCESS_TTL_S, AccessToken
from identity.domain.oauth_client import OF_ANY_USER
from identity.domain.session import TokenFamily
from identity.domain.token_keys import ALGORITHM
from identity.domain.user import User
from identity.service.ports import Signer
from shop.text import base64url, compact_json

TYPE, ID_TOKEN_TYPE = "at+jwt", "JWT"


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Issues access tokens and ID tokens. One Sign per token."""

    issuer: str
    audience: str
    signer: Signer

    def issue_to_client(self, client_id: str, scope: str, *, now: datetime) -> AccessToken:
        """A token of the client itself: nobody's session, so nobody's proof."""
        issued_at = int(now.timestamp())
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": client_id,
            "iat": issued_at,
            "exp": issued_at + ACCESS_TTL_S,
            "jti": secrets.token_urlsafe(16),
            "scope": scope,
            "client_id": client_id,
        }
        return AccessToken(encode(claims, self.signer), scope)

    def identify(
        self, family: TokenFamily, access: AccessToken, *, nonce: str | None, now: datetime
    ) -> str:
        """An ID token for the session's client (OpenID Connect Core, 2), beside that access token.
        It says how the user was proved, and nothing of who they are."""
        issued_at, proof = int(now.timestamp()), family.authentication
        half = hashlib.sha256(access.text.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": family.client_id,
            "sub": family.user_id,
            "iat": issued_at,
            "exp": issued_at + ACCESS_TTL_S,
            "auth_time": int(proof.at.timestamp()),
            "acr": proof.level.value,
            "amr": [method.value for method in proof.methods],
            "at_hash": base64url(half),
            "sid": family.session_id,
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return encode(claims, self.signer, type_=ID_TOKEN_TYPE)

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
    can_give = (*OF_ANY_USER, *held.split())
    return " ".join(each for each in can_give if each in given.split())


def encode(claims: dict[str, Any], signer: Signer, *, type_: str = TYPE) -> str:
    """The compact serialization (RFC 7515, section 3.1)."""
    key = signer.current()
    header = {"alg": ALGORITHM, "typ": type_, "kid": key.kid}
    message = f"{_json(header)}.{_json(claims)}"
    return f"{message}.{base64url(key.sign(message.encode()))}"


def _json(value: dict[str, Any]) -> str:
    return base64url(compact_json(value).encode())
