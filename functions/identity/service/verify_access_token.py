"""Checks access tokens: RFC 9068 with the algorithm, type, key and audience that we issue."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from identity.domain.token_keys import ALGORITHM, PublicKey
from shop import ids

LEEWAY_S = 5
MAX_LENGTH = 4096
_TYPES = ("at+jwt", "application/at+jwt")
_TEXT_CLAIMS = ("sub", "scope", "jti", "client_id")
# A client's own token has no session, and so nothing that comes of one.
_SESSION_CLAIMS = ("sid", "role", "acr")


@dataclass(frozen=True, slots=True)
class Verified:
    """A token of ours that is valid now; of a client itself without what a session has."""

    sub: str
    sid: str
    scope: str
    role: str
    exp: int
    client_id: str
    acr: str
    auth_time: int
    jti: str = ""
    iat: int = 0

    @property
    def is_of_client(self) -> bool:
        """Whether a client holds it for itself, and not for a user."""
        return self.sub == self.client_id


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
            name: {"essential": True} for name in ("exp", "iat", *_TEXT_CLAIMS)
        }
        options["iss"] = {"essential": True, "value": self.issuer}
        options["aud"] = {"essential": True, "value": self.audience}
        return jwt.JWTClaimsRegistry(int(now.timestamp()), LEEWAY_S, **options)


def _verified(claims: dict[str, Any]) -> Verified | InvalidToken:
    of_client = ids.is_id("cli", str(claims["sub"])) and claims["sub"] == claims["client_id"]
    session = {} if of_client else claims
    needed = [claims.get(name) for name in _TEXT_CLAIMS]
    if not of_client:
        needed += [claims.get(name) for name in _SESSION_CLAIMS]
    if not all(isinstance(each, str) for each in needed):
        return InvalidToken("wrong_claim")
    if not isinstance(session.get("auth_time", 0 if of_client else None), int):
        return InvalidToken("wrong_claim")
    return Verified(
        sub=claims["sub"],
        sid=session.get("sid", ""),
        scope=claims["scope"],
        role=session.get("role", ""),
        exp=int(claims["exp"]),
        client_id=claims["client_id"],
        acr=session.get("acr", ""),
        auth_time=session.get("auth_time", 0),
        jti=claims["jti"],
        iat=int(claims["iat"]),
    )
