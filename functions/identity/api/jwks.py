"""GET /.well-known/jwks.json: the key that verifies access tokens."""

from typing import Any

from identity import schemas
from identity.clients import kms
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


settings = at_cold_start(KeySettings.load)


def handle(_request: Request[Any]) -> Response:
    """One key, fetched from KMS once per process and hour."""
    key = kms.public_key(settings().token_key_arn)
    return Response(
        200,
        {"keys": [key.jwk()]},
        headers={"Cache-Control": "public, max-age=300"},
        etag=f'"{key.kid}"',
    )


handler = entrypoint(ROUTE, handle)
