"""GET /errors: every problem that the API can answer; a problem's `type` points here."""

import os

from operations.schemas import ErrorOut, ErrorsOut
from operations.service import read_documents
from shop.http import Request, Response, Route, entrypoint
from shop.problems import DEFAULT_ERRORS_URL

ROUTE = Route(
    "GET",
    "/errors",
    "List every problem code",
    auth="public",
    responses={200: ErrorsOut, 304: None},
    throttle=(50, 100),
)


def handle(_request: Request[None]) -> Response:
    """The catalogue, by status and code."""
    base = os.environ.get("ERRORS_URL", DEFAULT_ERRORS_URL)
    data = [
        ErrorOut(
            type=f"{base}#{kind.code}",
            code=kind.code,
            status=kind.status,
            title=kind.title,
            retryable=kind.retryable,
        )
        for kind in read_documents.problem_types()
    ]
    text = ErrorsOut(data=data, next_cursor=None).model_dump_json()
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(200, text, etag=read_documents.etag(text.encode()), headers=headers)


handler = entrypoint(ROUTE, handle)
