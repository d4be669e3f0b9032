"""payment.captured: mark the order paid, should the machine have died before it could."""

from orders.events import CapturedPayment
from orders.repository.orders import OrderRepository
from orders.service import recover_order
from shop import clock, consumer, telemetry, trace
from shop.events import Envelope

orders = OrderRepository()


def consume(event: Envelope[CapturedPayment]) -> str:
    """Safe to repeat, in any order with the machine's own steps."""
    outcome = recover_order.payment_captured(
        event.data.order_id,
        event.data.payment_id,
        orders=orders,
        trace=trace.from_header(event.traceparent),
        causation_id=event.id,
        now=clock.now(),
    )
    if outcome == "refund_due":
        telemetry.logger.error("money for a closed order", extra={"order_id": event.data.order_id})
        telemetry.emit_metric("CapturedAfterClose")
    return outcome


handler = consumer.entrypoint("on_payment_captured", consume, reads=CapturedPayment)
