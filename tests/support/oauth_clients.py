"""OAuth clients: registered, with a user who has agreed, and what they send."""

import base64
import html
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from types import ModuleType
from typing import Any
from urllib.parse import quote_plus

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from identity.api import create_token, introspect_token, revoke_token
from identity.domain import authentication, authorization_code
from identity.domain.authorization_code import AuthorizationCode
from identity.domain.client_assertion import TYPE
from identity.domain.oauth_client import AuthMethod, GrantType, Kind, OAuthClient
from identity.repository.authorization_codes import AuthorizationCodeRepository
from identity.repository.oauth_clients import OAuthClientRepository
from identity.service.register_client import Registered, register
from shop import ids
from tests.support.gateway import Reply, call, event

ISSUER = "https://issuer.test"
TOKEN_ENDPOINT = f"{ISSUER}/oauth2/token"
REDIRECT = "https://partner.test/callback"
VERIFIER = "v" * 43
BROWSER = "b" * 43
OTHER_VERIFIER = "w" * 43
ALL_GRANTS = tuple(GrantType)
USERS_GRANTS = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN)


def private_key(algorithm: str, which: int = 1) -> Any:
    """A key of a client; `which` tells several of one algorithm apart."""
    return _private_key(algorithm, which)


@cache
def _private_key(algorithm: str, _which: int) -> Any:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(algorithm: str, which: int = 1) -> dict[str, Any]:
    """As a client registers it."""
    made = ECAlgorithm if algorithm == "ES256" else RSAAlgorithm
    public = private_key(algorithm, which).public_key()
    return {**json.loads(made.to_jwk(public)), "kid": f"{algorithm}-{which}"}


@dataclass
class Partner:
    """A registered client and its secret."""

    client: OAuthClient
    secret: str | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        return self.client.client_id

    @property
    def basic(self) -> dict[str, str]:
        """The header by which it proves itself."""
        return basic(self.id, self.secret or "")


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def registered(now: datetime, **parts: Any) -> Partner:
    """By default one that proves itself by a secret in the header and may use every grant."""
    client = OAuthClient(
        client_id=ids.generate("cli", region="us-east-1", now=now),
        name="Partner",
        kind=Kind.CONFIDENTIAL,
        auth_method=AuthMethod.CLIENT_SECRET_BASIC,
        grant_types=ALL_GRANTS,
        scopes=("openid", "email", "profile", "shop:buy", "orders:read"),
        redirect_uris=(REDIRECT,),
        created=now,
    )
    made = register(replace(client, **parts), OAuthClientRepository())
    assert isinstance(made, Registered), made
    return Partner(made.client, made.secret)


def public_client(now: datetime, **parts: Any) -> Partner:
    kind = {"kind": Kind.PUBLIC, "auth_method": AuthMethod.NONE, "grant_types": USERS_GRANTS}
    return registered(now, **{**kind, **parts})


def with_key(now: datetime, *algorithms: str, **parts: Any) -> Partner:
    """One that signs assertions."""
    keys = tuple(public_jwk(each) for each in algorithms)
    return registered(now, auth_method=AuthMethod.PRIVATE_KEY_JWT, keys=keys, **parts)


def assertion(
    partner: Partner,
    now: datetime,
    *,
    algorithm: str = "ES256",
    key: Any = None,
    headers: Mapping[str, Any] | None = None,
    **claims: Any,
) -> str:
    """A good one, or with other claims; None takes a claim away."""
    at = int(now.timestamp())
    said = {
        "iss": partner.id,
        "sub": partner.id,
        "aud": ISSUER,
        "iat": at,
        "exp": at + 60,
        "jti": f"jti-{time.monotonic_ns()}",
    } | claims
    said = {name: value for name, value in said.items() if value is not None}
    kid = {"kid": f"{algorithm}-1"} | dict(headers or {})
    signing = private_key(algorithm) if key is None else key
    return jwt.encode(said, signing, algorithm=algorithm, headers=kid)


def asserted(text: str) -> dict[str, str]:
    """The part of a form that holds an assertion."""
    return {"client_assertion_type": TYPE, "client_assertion": text}


def post(
    module: ModuleType,
    form: Any,
    *,
    headers: Mapping[str, str] | None = None,
    source_ip: str = "198.51.100.1",
) -> Reply:
    path = module.ROUTE.path
    sent = event(
        "POST", path, form=form, sub=None, headers=dict(headers or {}), source_ip=source_ip
    )
    return call(module.handler, sent)


def ask(form: Any, **options: Any) -> Reply:
    """POST /oauth2/token."""
    return post(create_token, form, **options)


def credentials(partner: Partner, **form: str) -> Reply:
    """A token for the client itself."""
    return ask({"grant_type": "client_credentials", **form}, headers=partner.basic)


def agreed(now: datetime, partner: Partner, user_id: str, **parts: Any) -> str:
    """A code, as the user's agreement gives it."""
    code = f"code-{time.monotonic_ns()}"
    kept = AuthorizationCode(
        digest=authorization_code.digest(code),
        client_id=partner.id,
        user_id=user_id,
        redirect_uri=REDIRECT,
        challenge=authorization_code.challenge_of(VERIFIER),
        scope="openid email profile shop:buy",
        proof=authentication.by_password(now),
        issued=now,
        nonce="nonce-1",
    )
    AuthorizationCodeRepository().issue(replace(kept, **parts))
    return code


def authorization_query(partner: Partner, **changes: str | None) -> dict[str, str]:
    """A good request for a user's agreement, or a changed one; None takes a parameter away."""
    query: dict[str, str | None] = {
        "response_type": "code",
        "client_id": partner.id,
        "redirect_uri": REDIRECT,
        "scope": "openid email shop:buy",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": authorization_code.challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (query | changes).items() if value is not None}


def form_of(page: str) -> str:
    """What a page carries along; nothing of what carries nothing."""
    found = re.search('name="form" value="([^"]+)"', page)
    return html.unescape(found[1]) if found else ""


def exchange(partner: Partner, code: str, /, **form: str) -> Reply:
    """Bring a code, as the client does that got it."""
    brought = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }
    return as_client(create_token, partner, brought | form)


def refresh(partner: Partner, token: str, **form: str) -> Reply:
    brought = {"grant_type": "refresh_token", "refresh_token": token}
    return as_client(create_token, partner, brought | form)


def revoke(partner: Partner, token: str) -> Reply:
    return as_client(revoke_token, partner, {"token": token})


def introspect(partner: Partner, token: str) -> Reply:
    return as_client(introspect_token, partner, {"token": token})


def as_client(module: ModuleType, partner: Partner, form: dict[str, str]) -> Reply:
    """Proved by its secret, or by its name alone if it is public."""
    if partner.secret is None:
        return post(module, form | {"client_id": partner.id})
    return post(module, form, headers=partner.basic)


def pem(algorithm: str, which: int = 1) -> bytes:
    """The private key as libraries take it."""
    found: bytes = private_key(algorithm, which).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return found


def public_forms(key: Any) -> list[bytes]:
    """A public key in the forms in which it might be taken for a secret."""
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return [pem, pem.rstrip(), der]
