"""GET /orders/{order_id}: one order, for its customer or for staff."""

from orders.repository.orders import OrderRepository
from orders.schemas import OrderDetailOut
from orders.service.check_access import readable
from shop import problems
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/orders/{order_id}",
    "An order with its address",
    scopes=("shop:buy", "orders:read"),
    responses={200: OrderDetailOut, 304: None},
    problems=(problems.NOT_FOUND,),
    links=(
        Link("get_timeline", {"order_id": "$response.body#/order_id"}),
        Link("create_payment", body={"order_id": "$response.body#/order_id"}),
    ),
)
orders = OrderRepository()


def handle(request: Request[None]) -> Response | Problem:
    """With a strong validator: every change of an order has its own version."""
    found = orders.get_with_address(request.path["order_id"])
    if found is None or not readable(found[0], request.user):
        return Problem(problems.NOT_FOUND, "There is no such order.")
    order, address = found
    body = OrderDetailOut.with_address(order, address)
    return Response(200, body, etag=f'"{order.version}"')


handler = entrypoint(ROUTE, handle)
