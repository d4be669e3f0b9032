"""Checks the JWT by which a client proves itself, by the keys that it registered."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from identity.domain import client_assertion
from identity.domain.client_assertion import ALGORITHMS, ClientAssertion
from identity.domain.oauth_client import OAuthClient
from shop import untrusted_json

MAX_LENGTH = 4096
_KINDS = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA"}
_UNREADABLE = (JoseError, ValueError, RecursionError)


def client_named_in(assertion: str) -> str | None:
    """Whom it says it is of, to look for their keys: nothing of it is proved yet."""
    if len(assertion) > MAX_LENGTH:
        return None
    try:
        claims = untrusted_json.parse(jws.extract_compact(assertion.encode()).payload)
    except _UNREADABLE:
        return None
    named = claims.get("sub") if isinstance(claims, dict) else None
    return named if isinstance(named, str) else None


def verified(
    assertion: str, client: OAuthClient, *, audiences: Collection[str], now: datetime
) -> ClientAssertion | None:
    """What it says, if a key of the client signed it. The algorithm is one of ours that fits the
    key; keys that it brings along are not looked at."""
    try:
        header = jws.extract_compact(assertion.encode()).headers()
        key = _key(header, client)
        if key is None:
            return None
        claims = jwt.decode(assertion, key, algorithms=[*ALGORITHMS]).claims
    except _UNREADABLE:
        return None
    return client_assertion.read(claims, client_id=client.client_id, audiences=audiences, now=now)


def _key(header: dict[str, Any], client: OAuthClient) -> ECKey | RSAKey | None:
    """The only one, or the one that is named."""
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        return None
    fitting = [
        key
        for key in client.keys
        if (kid is None and len(client.keys) == 1) or (kid is not None and key.get("kid") == kid)
    ]
    if len(fitting) != 1 or fitting[0].get("alg", algorithm) != algorithm:
        return None
    if fitting[0]["kty"] != _KINDS[algorithm]:
        return None
    made: type[ECKey | RSAKey] = ECKey if algorithm == "ES256" else RSAKey
    key: ECKey | RSAKey = made.import_key(dict(fitting[0]))
    return key
