"""What POST /orders and POST /checkout make of a request before they run the machine."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orders.domain import destination
from orders.domain import order as domain
from orders.domain.order import Kind, Line
from orders.schemas import Address, CheckoutIn, PlaceOrderIn
from orders.service.ports import OriginalRequest, StoredOrder
from shop import idempotency
from shop.http import Request
from shop.lines import merge
from shop.request_ids import RequestIds


@dataclass(frozen=True, slots=True)
class Received:
    """The pending order with its request, and the address for its row."""

    order: StoredOrder
    address: dict[str, Any]


def receive_order(
    request: Request[PlaceOrderIn] | Request[CheckoutIn],
    kind: Kind,
    address: Address,
    *,
    request_ids: RequestIds,
    path: str,
    now: datetime,
    payment_method: str | None = None,
    return_url: str | None = None,
) -> Received:
    """The order that this request is to make; a repeat with the same key has the same id."""
    body, customer = request.body, request.user.subject
    order = domain.create(
        order_id=request_ids.of("ord", customer, request.key),
        customer_id=customer,
        kind=kind,
        currency=body.currency,
        lines=tuple(Line(sku, quantity) for sku, quantity in merge(body.lines).items()),
        ship_to=destination.ship_to(address.country, address.region, address.postal_code),
        now=now,
    )
    original = OriginalRequest(
        fingerprint=idempotency.fingerprint([path, body.model_dump(mode="json")]),
        lease_owner=secrets.token_hex(8),
        lease_until=idempotency.lease_end(now),
        trace=request.trace.to_dict(),
        payment_method=payment_method,
        return_url=return_url,
    )
    return Received(StoredOrder(order, None, original), address.model_dump(mode="json"))
