"""order.*, payment.*, inventory.*: keep every event of an order for its timeline."""

from typing import Any

from orders.repository import OrderRepository
from shop import consumer

orders = OrderRepository()


def consume(envelope: dict[str, Any]) -> str:
    """Keyed by the event's own id and time: a repeat stores the same row again."""
    order_id = envelope["data"].get("order_id")
    if not order_id:
        return "ignored"
    orders.record_event(order_id, envelope)
    return "recorded"


handler = consumer.entrypoint("record_timeline", consume)
