"""What is personal of an order, sealed in its row: where it goes, how a checkout was to be paid."""

from dataclasses import dataclass
from typing import Any

from orders.domain.order import Order
from orders.service.ports import Person, PersonalData, StoredOrder
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class OrderDetails:
    """What only the customer, staff and, of a checkout, the payment may know."""

    shipping_address: dict[str, Any]
    payment_method: str | None = None
    return_url: str | None = None


def seal_details(details: OrderDetails, order: Order, customer: Person) -> bytes:
    """For the row of this order."""
    fields = {
        "shipping_address": details.shipping_address,
        "payment_method": details.payment_method,
        "return_url": details.return_url,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    return customer.seal(known, row=order.order_id)


def open_details(record: StoredOrder, personal: PersonalData) -> OrderDetails | Erased:
    """As the request brought them."""
    order = record.order
    customer = personal.to_open(order.customer_id)
    if isinstance(customer, Erased):
        return customer
    return OrderDetails(**customer.open(record.request.personal, row=order.order_id))
