"""payment.captured: mark the order paid, should the machine have died before it could."""

from typing import Any

from orders.repository import OrderRepository
from orders.service import upkeep
from shop import clock, consumer, telemetry, trace

orders = OrderRepository()


def consume(envelope: dict[str, Any]) -> str:
    """Safe to repeat, in any order with the machine's own steps."""
    data = envelope["data"]
    outcome = upkeep.payment_captured(
        data["order_id"],
        data["payment_id"],
        orders=orders,
        trace=trace.start(envelope["traceparent"]),
        causation_id=envelope["id"],
        now=clock.now(),
    )
    if outcome == "refund_due":
        telemetry.logger.error("money for a closed order", extra={"order_id": data["order_id"]})
        telemetry.count("CapturedAfterClose")
    return outcome


handler = consumer.entrypoint("on_payment_captured", consume)
