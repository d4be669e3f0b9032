"""GET /docs: the API reference, one page that loads nothing but openapi.json beside it."""

from operations.service import read_documents
from shop.http import Request, Response, Route, entrypoint

ROUTE = Route(
    "GET",
    "/docs",
    "Browse the API reference",
    auth="public",
    responses={200: None, 304: None},
    media_type="text/html; charset=utf-8",
    throttle=(50, 100),
)


def handle(_request: Request[None]) -> Response:
    """Send it as text: the gateway compresses it for whoever takes gzip.

    What may run in it stands in the page itself, but a page cannot say who may frame it.
    """
    text, etag = read_documents.page()
    headers = {
        "Cache-Control": "public, max-age=300",
        "Content-Security-Policy": "frame-ancestors 'none'",
    }
    return Response(200, text, headers=headers, etag=etag)


handler = entrypoint(ROUTE, handle)
