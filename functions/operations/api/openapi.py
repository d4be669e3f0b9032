"""GET /openapi.json: the contract of all routes, as it is committed."""

from operations.service import read_documents
from shop.http import Request, Response, Route, entrypoint

ROUTE = Route(
    "GET",
    "/openapi.json",
    "Read the OpenAPI document",
    auth="public",
    responses={200: None, 304: None},
    throttle=(50, 100),
)


def handle(_request: Request[None]) -> Response:
    """Send it, or 304 to a client that has it."""
    text, etag = read_documents.openapi()
    return Response(200, text, etag=etag, headers={"Cache-Control": "public, max-age=300"})


handler = entrypoint(ROUTE, handle)
