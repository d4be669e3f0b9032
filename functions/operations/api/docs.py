"""GET /docs: the API reference, one page that loads nothing but openapi.json beside it."""

from collections.abc import Mapping

from operations import documents
from shop.http import Request, Response, Route, entrypoint

ROUTE = Route(
    "GET",
    "/docs",
    "Browse the API reference",
    auth="public",
    responses={200: None, 304: None},
    throttle=(20, 40),
)


def handle(request: Request[None]) -> Response:
    """Send it compressed to a browser, as text to anything else."""
    packed, etag = documents.page()
    headers = {
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept, Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    html = "text/html; charset=utf-8"
    if _takes_gzip(request.headers):
        headers["Content-Encoding"] = "gzip"
        return Response(200, packed, headers=headers, etag=etag, content_type=html)
    text_etag = f'{etag[:-1]}-text"'
    return Response(200, documents.page_text(), headers=headers, etag=text_etag, content_type=html)


def _takes_gzip(headers: Mapping[str, str]) -> bool:
    """API Gateway decodes a binary body only for a client whose first media type is text/html."""
    accepted = headers.get("accept", "").split(",")[0].split(";")[0].strip().lower()
    encodings = [part.strip().lower() for part in headers.get("accept-encoding", "").split(",")]
    gzip = [part for part in encodings if part.split(";")[0].strip() == "gzip"]
    refused = any(part.replace(" ", "").endswith((";q=0", ";q=0.0")) for part in gzip)
    return accepted == "text/html" and bool(gzip) and not refused


handler = entrypoint(ROUTE, handle)
