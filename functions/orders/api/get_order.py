"""GET /orders/{order_id}: one order, for its customer or for staff."""

from orders.repository.orders import OrderRepository
from orders.schemas import OrderDetailOut
from orders.service.check_access import readable
from orders.service.seal_details import open_details
from orders.settings import PersonalSettings
from shop import problems
from shop.http import Link, Request, Response, Route, entrypoint
from shop.personal_data import PersonalData
from shop.problems import Problem
from shop.step_up import STAFF
from shop.user_keys import Erased, UserKeys

ROUTE = Route(
    "GET",
    "/orders/{order_id}",
    "An order with its address",
    scopes=("shop:buy", "orders:read"),
    step_up=STAFF,
    responses={200: OrderDetailOut, 304: None},
    problems=(problems.NOT_FOUND,),
    links=(
        Link("get_timeline", {"order_id": "$response.body#/order_id"}),
        Link("create_payment", body={"order_id": "$response.body#/order_id"}),
    ),
)
SETTINGS = PersonalSettings.load()
orders = OrderRepository()
personal = PersonalData("orders", UserKeys(SETTINGS.wrapping_key_arn))


def handle(request: Request[None]) -> Response | Problem:
    """With a strong validator: every change of an order has its own version, and an order without
    its address another one, as no cache may go on showing it.
    """
    found = orders.get(request.path["order_id"])
    if found is None or not readable(found.order, request.user):
        return Problem(problems.NOT_FOUND, "There is no such order.")
    order, details = found.order, open_details(found, personal)
    if isinstance(details, Erased):
        body = OrderDetailOut.with_address(order, None)
        return Response(200, body, etag=f'"{order.version}-erased"')
    body = OrderDetailOut.with_address(order, details.shipping_address)
    return Response(200, body, etag=f'"{order.version}"')


handler = entrypoint(ROUTE, handle)
