"""GET /orders: the caller's own orders."""

from orders import paging
from orders.repository import OrderRepository
from orders.schemas import OrderListOut, OrderOut, PageQuery
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


def handle(request: Request[None]) -> Response | Problem:
    """One page. A cursor names a place in the caller's own list, whoever made it."""
    try:
        before = paging.decode(request.query.cursor, "ord")
    except ValueError:
        return paging.REFUSED
    found, more = orders.of_customer(request.user.subject, limit=request.query.limit, before=before)
    data = [OrderOut.of(order) for order in found]
    return Response(200, OrderListOut(data=data, next_cursor=paging.encode(more)))


handler = entrypoint(ROUTE, handle)
