"""POST /checkout: order and pay in one request."""

import secrets
from typing import Any

from orders import domain, problems
from orders.domain import Kind, ShipTo
from orders.records import Intake, Record
from orders.repository import OrderRepository
from orders.schemas import CheckoutIn, CheckoutOut
from orders.service.submit import submit
from orders.settings import MachineSettings
from shop import clock, idempotency, ids, machine
from shop.http import Link, Request, Response, Route, answered, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/checkout",
    "Order and pay at once; 202 if the customer has to act, for example 3-D Secure",
    scopes=("shop:buy",),
    idempotent=True,
    request=CheckoutIn,
    responses={201: CheckoutOut, 202: CheckoutOut},
    problems=(
        problems.PAYMENT_DECLINED,
        problems.OUT_OF_STOCK,
        problems.ORDER_CLOSED,
        problems.ORDER_NOT_PAYABLE,
        problems.REQUEST_IN_PROGRESS,
        problems.IDEMPOTENCY_KEY_REUSED,
        problems.UNKNOWN_SKU,
        problems.CURRENCY_NOT_OFFERED,
        problems.ORDER_TOTAL_TOO_LARGE,
        problems.PAYMENT_METHOD_INVALID,
        problems.CHECKOUT_INCOMPLETE,
    ),
    links=(
        Link("get_order", {"order_id": "$response.body#/order/order_id"}),
        Link("get_timeline", {"order_id": "$response.body#/order/order_id"}),
        Link("get_payment", {"payment_id": "$response.body#/payment/payment_id"}),
        Link("confirm_payment", {"payment_id": "$response.body#/payment/payment_id"}),
    ),
)
SETTINGS = MachineSettings.load()
orders = OrderRepository()


def handle(request: Request[CheckoutIn]) -> Response | Problem:
    """Store it, run the machine through both halves, answer."""
    body, now, customer = request.body, clock.now(), request.user.subject
    order = domain.opened(
        order_id=ids.derive("ord", customer, request.key, region=ids.region_of(customer)),
        customer_id=customer,
        kind=Kind.CHECKOUT,
        currency=body.currency,
        lines=domain.merge((line.sku, line.quantity) for line in body.lines),
        ship_to=ShipTo(body.address.country, body.address.region),
        now=now,
    )
    intake = Intake(
        fingerprint=idempotency.fingerprint([ROUTE.path, body.model_dump(mode="json")]),
        lease_owner=secrets.token_hex(8),
        lease_until=idempotency.lease_end(now),
        trace=request.trace.to_dict(),
        payment_method=body.payment_method,
        return_url=body.return_url,
    )
    result = submit(
        Record(order, None, intake),
        body.address.model_dump(mode="json"),
        orders=orders,
        run=run,
        trace=request.trace,
        now=now,
    )
    if isinstance(result, Problem):
        return result
    return answered(result[0], replayed=result[1])


def run(data: dict[str, Any]) -> dict[str, Any]:
    """The checkout machine."""
    return machine.run(SETTINGS.checkout_machine_arn, data)


handler = entrypoint(ROUTE, handle)
