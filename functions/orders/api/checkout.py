"""POST /checkout: order and pay in one request."""

from orders import problems
from orders.domain.order import Kind
from orders.repository.orders import OrderRepository
from orders.schemas import CheckoutIn, CheckoutOut
from orders.service.receive_order import receive_order
from orders.service.run_checkout import run_checkout
from orders.settings import PlacingSettings
from shop import clock
from shop.checkout_execution import StepFunctionsCheckout, time_to_wait
from shop.http import Link, Request, Response, Route, entrypoint, replayed_response
from shop.personal_data import PersonalData
from shop.problems import Problem
from shop.request_ids import RequestIds
from shop.step_up import OWN_MONEY
from shop.user_keys import UserKeys

ROUTE = Route(
    "POST",
    "/checkout",
    "Order and pay at once; 202 if the customer has to act, for example 3-D Secure",
    scopes=("shop:buy",),
    idempotent=True,
    request=CheckoutIn,
    responses={201: CheckoutOut, 202: CheckoutOut},
    problems=(*problems.CHECKOUT, *problems.PLACING, *problems.PAYING),
    links=(
        Link("get_order", {"order_id": "$response.body#/order/order_id"}),
        Link("get_timeline", {"order_id": "$response.body#/order/order_id"}),
        Link("get_payment", {"payment_id": "$response.body#/payment/payment_id"}),
        Link("confirm_payment", {"payment_id": "$response.body#/payment/payment_id"}),
    ),
    ends_at_once=True,
    step_up=OWN_MONEY,
)
SETTINGS = PlacingSettings.load()
orders = OrderRepository()
request_ids = RequestIds(SETTINGS.request_id_key_arn)
personal = PersonalData("orders", UserKeys(SETTINGS.wrapping_key_arn))
checkout = StepFunctionsCheckout(SETTINGS.checkout_machine_arn)


def handle(request: Request[CheckoutIn]) -> Response | Problem:
    """Store it, run the machine through both halves, answer."""
    now = clock.now()
    received = receive_order(
        request,
        Kind.CHECKOUT,
        request.body.address,
        request_ids=request_ids,
        personal=personal,
        path=ROUTE.path,
        now=now,
        payment_method=request.body.payment_method,
        return_url=request.body.return_url,
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
