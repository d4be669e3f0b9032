"""Checks access tokens: RFC 9068 with the algorithm, type, key and audience that we issue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from identity.domain.token_keys import ALGORITHM, PublicKey

LEEWAY_S = 5
MAX_LENGTH = 4096
_TYPES = ("at+jwt", "application/at+jwt")
_TEXT_CLAIMS = ("sub", "sid", "scope", "role", "jti", "client_id", "acr")


@dataclass(frozen=True, slots=True)
class Verified:
    """A token of ours that is valid now."""

    sub: str
    sid: str
    scope: str
    role: str
    exp: int
    client_id: str
    acr: str
    auth_time: int


@dataclass(frozen=True, slots=True)
class InvalidToken:
    """Not a valid token. `reason` is a word for the log, never for the client."""

    reason: str


@dataclass(frozen=True, slots=True)
class Verifier:
    """Verifies with keys that are trusted now: `key_of` finds one by its name, from what the
    process keeps if it can."""

    issuer: str
    audience: str
    key_of: Callable[[str], PublicKey | None]

    def verify(self, token: str, *, now: datetime) -> Verified | InvalidToken:
        """The claims, or why not. A failure to get the key is neither: it is raised."""
        if len(token) > MAX_LENGTH:
            return InvalidToken("too_long")
        try:
            header = jws.extract_compact(token.encode()).headers()
            if header.get("typ") not in _TYPES:
                return InvalidToken("wrong_type")
            kid = header.get("kid")
            key = self.key_of(kid) if isinstance(kid, str) else None
            if key is None:
                return InvalidToken("unknown_key")
            # The list is ours, never the token's: `none` and HS256 have no place in it.
            claims = jwt.decode(
                token, ECKey.import_key(dict(key.jwk())), algorithms=[ALGORITHM]
            ).claims
            self._claims(now).validate(claims)
        except (JoseError, ValueError, RecursionError) as error:
            return InvalidToken(type(error).__name__)
        return _verified(claims)

    def _claims(self, now: datetime) -> jwt.JWTClaimsRegistry:
        options: dict[str, jwt.ClaimsOption] = {
            name: {"essential": True} for name in ("exp", "iat", "auth_time", *_TEXT_CLAIMS)
        }
        options["iss"] = {"essential": True, "value": self.issuer}
        options["aud"] = {"essential": True, "value": self.audience}
        return jwt.JWTClaimsRegistry(int(now.timestamp()), LEEWAY_S, **options)


def _verified(claims: dict[str, Any]) -> Verified | InvalidToken:
    if not all(isinstance(claims[name], str) for name in _TEXT_CLAIMS):
        return InvalidToken("wrong_claim")
    if not isinstance(claims["auth_time"], int):
        return InvalidToken("wrong_claim")
    return Verified(
        sub=claims["sub"],
        sid=claims["sid"],
        scope=claims["scope"],
        role=claims["role"],
        exp=int(claims["exp"]),
        client_id=claims["client_id"],
        acr=claims["acr"],
        auth_time=claims["auth_time"],
    )
