"""What is personal of an order, sealed in its row: where it goes, how a checkout was to be paid.

The latter is sealed for the row of the payment as well: so it is handed to the checkout machine.
"""

from dataclasses import dataclass, field
from typing import Any

from orders.domain.order import Kind, Order
from orders.service.build_inputs import checkout_payment_id
from orders.service.ports import Person, PersonalData, StoredOrder
from shop import payer_details
from shop.payer_details import PayerDetails
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """What only the customer, staff and, of a checkout, the payment may know."""

    shipping_address: dict[str, Any] = field(repr=False)
    payment_method: str | None = field(default=None, repr=False)
    return_url: str | None = field(default=None, repr=False)


def seal_details(details: OrderDetails, order: Order, customer: Person) -> bytes:
    """For the row of this order."""
    fields = {
        "shipping_address": details.shipping_address,
        "payment_method": details.payment_method,
        "return_url": details.return_url,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return customer.seal(known, row=order.order_id)


def seal_for_payment(details: OrderDetails, order: Order, customer: Person) -> str | None:
    """For the payment that a checkout makes; None of an order that is paid by another request."""
    if order.kind is not Kind.CHECKOUT:
        return None
    payer = PayerDetails(details.payment_method or "", details.return_url)
    sealed = payer_details.seal_payer(
        payer, checkout_payment_id(order), customer.for_table(payer_details.TABLE)
    )
    return payer_details.to_text(sealed)


def open_details(record: StoredOrder, personal: PersonalData) -> OrderDetails | Erased:
    """As the request brought them."""
    customer = personal.to_open(record.order.customer_id)
    return customer if isinstance(customer, Erased) else _opened(record, customer)


def reseal_for_payment(record: StoredOrder, personal: PersonalData) -> str | Erased | None:
    """What of the order its payment needs, again: for a checkout that is resumed."""
    customer = personal.to_open(record.order.customer_id)
    if isinstance(customer, Erased):
        return customer
    return seal_for_payment(_opened(record, customer), record.order, customer)


def _opened(record: StoredOrder, customer: Person) -> OrderDetails:
    return OrderDetails(**customer.open(record.request.personal, row=record.order.order_id))
