"""GET /.well-known/openid-configuration (OpenID Connect Discovery 1.0)."""

from typing import Any

from identity import schemas
from identity.service.describe_provider import provider_metadata
from identity.settings import IssuerSettings, at_cold_start
from shop.http import Request, Response, Route, cacheable, entrypoint
from shop.text import compact_json

ROUTE = Route(
    "GET",
    "/.well-known/openid-configuration",
    "What clients have to know of this provider, as OpenID Connect has it",
    auth="public",
    responses={200: schemas.ProviderOut, 304: None},
    throttle=(100, 200),
)

settings = at_cold_start(IssuerSettings.load)


def handle(_request: Request[Any]) -> Response:
    """Nothing is asked for it."""
    return cacheable(compact_json(provider_metadata(settings().token_issuer)), max_age_s=300)


handler = entrypoint(ROUTE, handle)
