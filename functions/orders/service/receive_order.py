"""What POST /orders and POST /checkout make of a request before they run the machine."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from orders import problems
from orders.domain import destination
from orders.domain import order as domain
from orders.domain.order import Kind, Line
from orders.schemas import Address, CheckoutIn, PlaceOrderIn
from orders.service.ports import OriginalRequest, PersonalData, StoredOrder
from orders.service.seal_details import OrderDetails, seal_details, seal_for_payment
from shop import idempotency
from shop.http import Request
from shop.lines import merge
from shop.problems import Problem
from shop.request_ids import RequestIds
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class Received:
    """The pending order with its request; of a checkout also what is sealed for its payment."""

    order: StoredOrder
    payer: str | None


def receive_order(
    request: Request[PlaceOrderIn] | Request[CheckoutIn],
    kind: Kind,
    address: Address,
    *,
    request_ids: RequestIds,
    personal: PersonalData,
    path: str,
    now: datetime,
    payment_method: str | None = None,
    return_url: str | None = None,
) -> Received | Problem:
    """The order that this request is to make; a repeat with the same key has the same id.

    A token outlives its user by minutes: of somebody who is erased nothing is taken any more.
    """
    body, customer = request.body, request.user.subject
    person = personal.to_seal(customer)
    if isinstance(person, Erased):
        return Problem(problems.ACCOUNT_ERASED, "Nothing more is taken for it.")
    details = OrderDetails(address.model_dump(mode="json"), payment_method, return_url)
    order = domain.create(
        order_id=request_ids.of("ord", customer, request.key),
        customer_id=customer,
        kind=kind,
        currency=body.currency,
        lines=tuple(Line(sku, quantity) for sku, quantity in merge(body.lines).items()),
        ship_to=destination.ship_to(address.country, address.region, address.postal_code),
        now=now,
    )
    asked = idempotency.fingerprint([path, body.model_dump(mode="json")])
    original = OriginalRequest(
        fingerprint=person.digest(asked),
        lease_owner=secrets.token_hex(8),
        lease_until=idempotency.lease_end(now),
        trace=request.trace.to_dict(),
        personal=seal_details(details, order, person),
    )
    payer = seal_for_payment(details, order, person)
    return Received(StoredOrder(order, None, original), payer)
