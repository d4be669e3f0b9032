"""GET /ops/invariants. Problems: 503 service_unavailable. One read."""

import json

from operations.repository.audit import AuditRepository
from operations.schemas import InvariantsOut
from operations.service import read_documents
from shop import clock, problems
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/ops/invariants",
    "Tell whether the invariants hold",
    auth="staff",
    scopes=("ops",),
    responses={200: InvariantsOut, 304: None},
    problems=(problems.SERVICE_UNAVAILABLE,),
    throttle=(20, 40),
)
store = AuditRepository()


def handle(_request: Request[None]) -> Response | Problem:
    """The report of the last run; how old it is counts from now."""
    stored = store.report()
    if stored is None:
        return Problem(
            problems.SERVICE_UNAVAILABLE,
            "Nothing was checked yet: the first run is within a minute.",
            headers={"Retry-After": "60"},
        )
    report = json.loads(stored)
    lag = clock.now() - clock.parse(report["as_of"])
    body = InvariantsOut.model_validate({**report, "lag_seconds": int(lag.total_seconds())})
    # Weak: the lag is another one at each request, the report is not.
    return Response(200, body, etag=f"W/{read_documents.etag(stored.encode())}")


handler = entrypoint(ROUTE, handle)
