"""OAuth clients: software that is registered to ask for tokens (RFC 6749, 2; OAuth 2.1).

What a client may do is what is written of it here, and of that what whoever it acts for may do.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, urlsplit

from identity.domain import user
from identity.domain.rate_limit import Limit

# Wrong secrets of one client from one network. There is no limit over all networks: a stranger who
# guesses must not keep the client out, and 256 random bits are guessed by nobody.
WRONG_SECRETS = Limit(20, timedelta(minutes=15), "network")
QUOTAS = (WRONG_SECRETS.quota,)
# Scopes of OpenID Connect (Core, 5.4), which every user can give.
OPENID, EMAIL, PROFILE = "openid", "email", "profile"
OF_ANY_USER = (OPENID, EMAIL, PROFILE)
# What only somebody can do for whom a client acts; by itself no client has it.
OF_USERS_ONLY = frozenset({*OF_ANY_USER, *user.SCOPES[user.Role.CUSTOMER].split()})
KNOWN_SCOPES = frozenset({*OF_ANY_USER, *user.ANY_ROLE})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})  # RFC 8252 (7.3); names may lead elsewhere (8.3)
_VISIBLE = re.compile(r"[!-~]{1,2048}")
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_BITS = 2048


class Kind(StrEnum):
    """Whether it can keep a secret (RFC 6749, 2.1)."""

    CONFIDENTIAL = "confidential"
    PUBLIC = "public"


class GrantType(StrEnum):
    """By what it may get tokens."""

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 (the value of RFC 6749)


class AuthMethod(StrEnum):
    """How it proves itself at the token endpoint (OpenID Connect Core, 9)."""

    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 (a name)
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 (a name)
    PRIVATE_KEY_JWT = "private_key_jwt"
    NONE = "none"

    @property
    def by_secret(self) -> bool:
        """Whether a secret is what proves it."""
        return self in (AuthMethod.CLIENT_SECRET_BASIC, AuthMethod.CLIENT_SECRET_POST)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A client as registered. `keys` are public JWKs; the secret is stored as its digest."""

    client_id: str
    name: str
    kind: Kind
    auth_method: AuthMethod
    grant_types: tuple[GrantType, ...]
    scopes: tuple[str, ...]
    created: datetime
    redirect_uris: tuple[str, ...] = ()
    secret_digest: str | None = field(default=None, repr=False)
    keys: tuple[Mapping[str, Any], ...] = ()
    disabled: datetime | None = None
    version: int = 1

    @property
    def is_active(self) -> bool:
        """Whether it gets tokens, and those that are out count."""
        return self.disabled is None

    @property
    def is_confidential(self) -> bool:
        """Whether what it says of itself is proved."""
        return self.kind is Kind.CONFIDENTIAL

    def has_secret(self, secret: str) -> bool:
        """In the same time whatever is wrong with it."""
        stored = self.secret_digest or ""
        return hmac.compare_digest(stored, digest(secret)) and self.auth_method.by_secret

    def redirects_to(self, uri: str) -> bool:
        """Whether the uri is registered: character by character, but for the port of a loopback
        address, which a native app gets when it starts (RFC 8252, 7.3)."""
        return any(uri == each or _same_loopback(each, uri) for each in self.redirect_uris)

    def scope_by_itself(self, asked: str | None) -> str | None:
        """The scope of a token for the client itself; None if it asks for what it does not hold,
        or holds nothing."""
        return narrowed([each for each in self.scopes if each not in OF_USERS_ONLY], asked)

    def scope_for(self, held: str, asked: str | None) -> str | None:
        """The scope of a token for a user who holds that: what of it the client holds, too. None
        if the client asks for what it does not hold, or nothing is left."""
        if asked is not None and not set(asked.split()) <= set(self.scopes):
            return None
        both = [each for each in self.scopes if each in (*held.split(), *OF_ANY_USER)]
        wanted = [each for each in both if asked is None or each in asked.split()]
        return " ".join(wanted) or None


def narrowed(held: Sequence[str], asked: str | None) -> str | None:
    """Of what is held that which is asked for, by default all; None if that is no part of it, or
    nothing."""
    wanted = list(held) if asked is None else asked.split()
    if not set(wanted) <= set(held):
        return None
    return " ".join(each for each in held if each in wanted) or None


def digest(secret: str) -> str:
    """What is stored of a secret that has 256 random bits: nobody finds it by trying."""
    return hashlib.sha256(secret.encode()).hexdigest()


def disable(client: OAuthClient, *, now: datetime) -> OAuthClient:
    """No token any more, and those that are out count no more; once is enough."""
    return client if client.disabled else _changed(replace(client, disabled=now))


def with_secret(client: OAuthClient, secret: str) -> OAuthClient:
    """With this secret; the one before is over at once."""
    return _changed(replace(client, secret_digest=digest(secret)))


def _changed(client: OAuthClient) -> OAuthClient:
    return replace(client, version=client.version + 1)


def objections(client: OAuthClient) -> list[str]:
    """Why it cannot be registered, in sentences; empty if it can."""
    found = [*_of_its_kind(client), *_of_scopes(client), *_of_keys(client)]
    found += [
        f"{uri}: a redirect is https, or http to 127.0.0.1 or [::1], without a fragment."
        for uri in client.redirect_uris
        if not is_redirect_uri(uri)
    ]
    return found


def is_redirect_uri(uri: str) -> bool:
    """Whether answers may be sent there: nobody between reads them (RFC 8252, RFC 9700)."""
    parts = _parts(uri)
    if parts is None or "#" in uri or "@" in parts.netloc or "*" in uri or not parts.hostname:
        return False
    return parts.scheme == "https" or _is_loopback(parts)


def _of_its_kind(client: OAuthClient) -> Iterator[str]:
    if client.is_confidential == (client.auth_method is AuthMethod.NONE):
        yield "A confidential client proves itself, and a public one cannot."
    if not client.grant_types:
        yield "A client has a grant type."
    by_code = GrantType.AUTHORIZATION_CODE in client.grant_types
    if GrantType.CLIENT_CREDENTIALS in client.grant_types and not client.is_confidential:
        yield "client_credentials is for confidential clients."
    if GrantType.REFRESH_TOKEN in client.grant_types and not by_code:
        yield "refresh_token goes with authorization_code."
    if by_code != bool(client.redirect_uris):
        yield "authorization_code goes with a redirect, and a redirect with it."


def _of_scopes(client: OAuthClient) -> Iterator[str]:
    if not client.scopes:
        yield "A client has a scope."
    for scope in sorted(set(client.scopes) - KNOWN_SCOPES):
        yield f"There is no scope {scope}. There are: {' '.join(sorted(KNOWN_SCOPES))}."
    own = GrantType.CLIENT_CREDENTIALS in client.grant_types
    if own and client.scope_by_itself(None) is None:
        users = " ".join(sorted(OF_USERS_ONLY))
        yield f"client_credentials needs a scope beside those that only users have ({users})."


def _of_keys(client: OAuthClient) -> Iterator[str]:
    if (client.auth_method is AuthMethod.PRIVATE_KEY_JWT) != bool(client.keys):
        yield "private_key_jwt goes with public keys, and keys with it."
    if len({key.get("kid") for key in client.keys}) != len(client.keys):
        yield "Each of several keys has a kid of its own."
    if not all(_is_public_key(key) for key in client.keys):
        yield f"Keys are public: RSA of {_RSA_BITS} bits or more, or EC P-256."


def _is_public_key(key: Mapping[str, Any]) -> bool:
    if _PRIVATE_MEMBERS & key.keys() or key.get("use", "sig") != "sig":
        return False
    if key.get("kty") == "EC":
        return key.get("crv") == "P-256" and key.get("alg", "ES256") == "ES256"
    modulus = key.get("n")
    # Four characters of base64url are three octets.
    long_enough = isinstance(modulus, str) and len(modulus) * 6 >= _RSA_BITS
    return key.get("kty") == "RSA" and long_enough and key.get("alg", "RS256") in ("RS256", "PS256")


def _same_loopback(registered: str, given: str) -> bool:
    ours, theirs = _parts(registered), _parts(given)
    if ours is None or theirs is None or "#" in given or "@" in theirs.netloc:
        return False
    return (
        _is_loopback(ours)
        and _is_loopback(theirs)
        and (ours.hostname, ours.path, ours.query) == (theirs.hostname, theirs.path, theirs.query)
    )


def _is_loopback(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def _parts(uri: str) -> SplitResult | None:
    """None for what is no visible ASCII, or cannot be taken apart."""
    if _VISIBLE.fullmatch(uri) is None or "\\" in uri:
        return None
    try:
        parts = urlsplit(uri)
        _ = parts.port  # raises for what is no port
    except ValueError:
        return None
    return parts
