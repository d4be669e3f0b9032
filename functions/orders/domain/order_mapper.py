"""An order as JSON: in the machine and, attribute by attribute, in its row."""

from typing import Any

from orders.domain import order as domain
from orders.domain.order import Kind, Line, Order, ShipTo
from shop import clock, strict
from shop.checkout import NewOrder


def to_dict(order: Order) -> dict[str, Any]:
    """JSON values only; no address, so it may travel through the machine."""
    data: dict[str, Any] = strict.dump(order)
    return data


def from_dict(data: dict[str, Any]) -> Order:
    """Inverse of `to_dict`. ContractError if it is not all of an order and nothing else."""
    return strict.parse(Order, data)


def expected_state(order: NewOrder, kind: str) -> Order:
    """The pending order that the request stored before it started the machine."""
    return domain.create(
        order_id=order.order_id,
        customer_id=order.customer_id,
        kind=Kind(kind),
        currency=order.currency,
        lines=tuple(Line(line.sku, line.quantity) for line in order.lines),
        ship_to=ShipTo(order.ship_to.country, order.ship_to.region),
        now=clock.parse(order.created_at),
    )
