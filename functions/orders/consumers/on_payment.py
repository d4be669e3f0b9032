"""payment.captured, payment.refunded: the order follows, whatever became of the machine."""

from orders.events import CapturedPayment, RefundedPayment
from orders.repository.orders import OrderRepository
from orders.service import recover_order
from shop import clock, telemetry, trace
from shop.consumer import On, entrypoint
from shop.events import Envelope

orders = OrderRepository()


def captured(event: Envelope[CapturedPayment]) -> str:
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


def refunded(event: Envelope[RefundedPayment]) -> str:
    """Safe to repeat."""
    return recover_order.payment_refunded(
        event.data.order_id,
        event.data.payment_id,
        orders=orders,
        trace=trace.from_header(event.traceparent),
        causation_id=event.id,
        now=clock.now(),
    )


handler = entrypoint(
    "orders.on_payment", On(CapturedPayment, captured), On(RefundedPayment, refunded)
)
