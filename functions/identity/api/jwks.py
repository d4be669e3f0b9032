"""GET /.well-known/jwks.json: the keys that verify access tokens."""

from typing import Any

from identity import schemas
from identity.clients.key_ring import KeyRing
from identity.repository.token_keys import TokenKeyRepository
from identity.settings import KeySettings, at_cold_start
from shop.http import Request, Response, Route, entrypoint

ROUTE = Route(
    "GET",
    "/.well-known/jwks.json",
    "The public keys of access tokens (RFC 7517)",
    auth="public",
    responses={200: schemas.JwksOut, 304: None},
    media_type="application/jwk-set+json",
    throttle=(200, 400),
)


@at_cold_start
def ring() -> KeyRing:
    """The composition root of this function."""
    settings = KeySettings.load()
    return KeyRing(settings.token_key_arn, TokenKeyRepository(settings.table_identity))


def handle(_request: Request[Any]) -> Response:
    """Every key by which a token may be valid, and the one that signs next, as they were within
    the last minute."""
    keys = [key.public for key in ring().trusted()]
    return Response(
        200,
        {"keys": [key.jwk() for key in keys]},
        headers={"Cache-Control": "public, max-age=300"},
        etag=f'"{".".join(key.kid for key in keys)}"',
    )


handler = entrypoint(ROUTE, handle)
