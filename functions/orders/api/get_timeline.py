"""GET /orders/{order_id}/timeline: everything that happened to an order."""

from orders.repository.orders import OrderRepository
from orders.schemas import PageQuery, TimelineOut
from orders.service.check_access import readable
from shop import clock, cursor, ids, problems
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import STAFF

ROUTE = Route(
    "GET",
    "/orders/{order_id}/timeline",
    "Every event of an order, its payment and its stock, oldest first",
    scopes=("shop:buy", "orders:read"),
    step_up=STAFF,
    query=PageQuery,
    responses={200: TimelineOut},
    problems=(problems.NOT_FOUND,),
    links=(
        Link(
            "get_timeline",
            {"order_id": "$request.path.order_id", "cursor": "$response.body#/next_cursor"},
        ),
    ),
)
orders = OrderRepository()
PLACE = rf"{clock.PATTERN}#{ids.pattern('evt')[1:-1]}"
SHOWN = ("type", "occurred_at", "producer", "subject", "sequence", "correlation_id", "data")


def handle(request: Request[None]) -> Response | Problem:
    """One page."""
    order_id = request.path["order_id"]
    scope, given = f"timeline {order_id}", request.query.cursor
    try:
        after = cursor.decode(given, scope=scope, forms=[PLACE])[0] if given else None
    except cursor.InvalidCursor:
        return cursor.REFUSED
    record = orders.get(order_id)
    if record is None or not readable(record.order, request.user):
        return Problem(problems.NOT_FOUND, "There is no such order.")
    found, more = orders.timeline(order_id, limit=request.query.limit, after=after)
    data = [{"event_id": event["id"], **{k: event[k] for k in SHOWN}} for event in found]
    next_cursor = cursor.encode([more], scope=scope) if more else None
    return Response(200, {"data": data, "next_cursor": next_cursor})


handler = entrypoint(ROUTE, handle)
