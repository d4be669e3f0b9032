"""POST /inventory/check. Problems: 400 invalid_request, 422 unknown_sku."""

from dataclasses import asdict
from typing import Any

from inventory.repository.stock import StockRepository
from inventory.schemas import StockCheck, StockLineOut, StockOut
from inventory.service import check_stock
from shop import checkout_problems, clock, problems
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    method="POST",
    path="/inventory/check",
    summary="Say whether these quantities could be ordered now",
    auth="public",
    request=StockCheck,
    responses={200: StockOut},
    problems=(problems.INVALID_REQUEST, checkout_problems.UNKNOWN_SKU),
    throttle=(500, 1000),
)
stock = StockRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Look the lines up."""
    body: StockCheck = request.body
    found = check_stock.check(body.lines, stock=stock)
    if isinstance(found, Problem):
        return found
    return Response(
        200,
        StockOut(
            available=all(line.status != "out_of_stock" for line in found),
            lines=[StockLineOut(**asdict(line)) for line in found],
            as_of=clock.rfc3339(clock.now()),
        ),
    )


handler = entrypoint(ROUTE, handle)
