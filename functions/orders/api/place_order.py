"""POST /orders: price and reserve what the customer wants."""

from orders import problems
from orders.domain.order import Kind
from orders.repository.orders import OrderRepository
from orders.schemas import OrderOut, PlaceOrderIn
from orders.service.receive_order import receive_order
from orders.service.run_checkout import run_checkout
from orders.settings import PlacingSettings
from shop import clock
from shop.checkout_execution import StepFunctionsCheckout, time_to_wait
from shop.http import Link, Request, Response, Route, entrypoint, replayed_response
from shop.personal_data import PersonalData
from shop.problems import Problem
from shop.request_ids import RequestIds
from shop.user_keys import UserKeys

ROUTE = Route(
    "POST",
    "/orders",
    "Place an order: prices are fixed and stock is held for 15 minutes",
    scopes=("shop:buy",),
    idempotent=True,
    request=PlaceOrderIn,
    responses={201: OrderOut},
    problems=(*problems.CHECKOUT, *problems.PLACING),
    links=(
        Link("get_order", {"order_id": "$response.body#/order_id"}),
        Link("get_timeline", {"order_id": "$response.body#/order_id"}),
        Link("cancel_order", {"order_id": "$response.body#/order_id"}),
        Link("create_payment", body={"order_id": "$response.body#/order_id"}),
    ),
)
SETTINGS = PlacingSettings.load()
orders = OrderRepository()
request_ids = RequestIds(SETTINGS.request_id_key_arn)
personal = PersonalData("orders", UserKeys(SETTINGS.wrapping_key_arn))
checkout = StepFunctionsCheckout(SETTINGS.checkout_machine_arn)


def handle(request: Request[PlaceOrderIn]) -> Response | Problem:
    """Store it, price and reserve, answer."""
    now = clock.now()
    received = receive_order(
        request,
        Kind.ORDER,
        request.body.shipping_address,
        request_ids=request_ids,
        personal=personal,
        path=ROUTE.path,
        now=now,
    )
    if isinstance(received, Problem):
        return received
    result = run_checkout(
        received.order,
        received.payer,
        orders=orders,
        checkout=checkout,
        timeout_s=time_to_wait(request.remaining_s()),
        trace=request.trace,
        now=now,
    )
    return (
        result if isinstance(result, Problem) else replayed_response(result[0], replayed=result[1])
    )


handler = entrypoint(ROUTE, handle)
