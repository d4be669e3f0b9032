"""GET /orders: the caller's own orders."""

from orders.repository.orders import OrderRepository
from orders.schemas import OrderListOut, OrderOut, PageQuery
from shop import clock, cursor, ids
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/orders",
    "Your orders, newest first",
    scopes=("shop:buy",),
    query=PageQuery,
    responses={200: OrderListOut},
    links=(
        Link("get_order", {"order_id": "$response.body#/data/0/order_id"}),
        Link("list_orders", {"cursor": "$response.body#/next_cursor"}),
    ),
)
orders = OrderRepository()
PLACE = rf"{clock.PATTERN}#{ids.pattern('ord')[1:-1]}"


def handle(request: Request[None]) -> Response | Problem:
    """One page."""
    customer_id, given = request.user.subject, request.query.cursor
    scope = f"orders {customer_id}"
    try:
        before = cursor.decode(given, scope=scope, forms=[PLACE])[0] if given else None
    except cursor.InvalidCursor:
        return cursor.REFUSED
    found, more = orders.of_customer(customer_id, limit=request.query.limit, before=before)
    data = [OrderOut.of(order) for order in found]
    next_cursor = cursor.encode([more], scope=scope) if more else None
    return Response(200, OrderListOut(data=data, next_cursor=next_cursor))


handler = entrypoint(ROUTE, handle)
