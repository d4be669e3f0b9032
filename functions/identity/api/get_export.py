"""GET /users/me/exports/{export_id}. Problems: 404 not_found."""

from typing import Any

from identity import problems, schemas
from identity.repository.exports import ExportRepository
from identity.service.request_export import find_export, link_of
from shop import clock
from shop.export import BUCKET
from shop.http import Request, Response, Route, entrypoint
from shop.objects import Objects
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/users/me/exports/{export_id}",
    "Whether an own export is ready, with a link of 15 minutes to fetch it",
    scopes=("shop:buy",),
    responses={200: schemas.ExportOut},
    problems=(problems.NOT_FOUND,),
    ends_at_once=True,
)

exports = ExportRepository()
archives = Objects(BUCKET)


def handle(request: Request[Any]) -> Response | Problem:
    """One GetItem; the link is signed here."""
    export_id = request.path["export_id"]
    found = find_export(request.user.subject, export_id, exports, now=clock.now())
    if isinstance(found, Problem):
        return found
    return Response(200, schemas.ExportOut.of(found, link_of(found, archives)))


handler = entrypoint(ROUTE, handle)
