"""GET /erasures/{erasure_id}: how far it is, and at its end the receipt. Problems: 404 not_found.

Who is erased has no token. The id has 80 random bits and was told to the user alone.
"""

from typing import Any

from identity import problems, schemas
from identity.repository.erasures import ErasureRepository
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/erasures/{erasure_id}",
    "How far an erasure is, for who knows its id; at its end with a signed receipt",
    auth="public",
    responses={200: schemas.ErasureOut},
    problems=(problems.NOT_FOUND,),
    throttle=(50, 100),
)

erasures = ErasureRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """One GetItem."""
    found = erasures.get(request.path["erasure_id"])
    if found is None:
        return Problem(problems.NOT_FOUND, "There is no such erasure.")
    return Response(200, schemas.ErasureOut.of(found))


handler = entrypoint(ROUTE, handle)
