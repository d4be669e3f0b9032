"""inventory.expired: cancel the order that was not paid in time."""

from typing import Any

from orders.repository import OrderRepository
from orders.service import upkeep
from shop import clock, consumer, trace

orders = OrderRepository()


def consume(envelope: dict[str, Any]) -> str:
    """An order that a payment has claimed is left to the machine."""
    return upkeep.hold_expired(
        envelope["data"]["order_id"],
        orders=orders,
        trace=trace.start(envelope["traceparent"]),
        causation_id=envelope["id"],
        now=clock.now(),
    )


handler = consumer.entrypoint("on_inventory_expired", consume)
