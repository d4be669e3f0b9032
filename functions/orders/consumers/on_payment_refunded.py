"""payment.refunded: nothing is due back any more."""

from orders.events import RefundedPayment
from orders.repository.orders import OrderRepository
from orders.service import recover_order
from shop import clock, consumer, trace
from shop.events import Envelope

orders = OrderRepository()


def consume(event: Envelope[RefundedPayment]) -> str:
    """Safe to repeat."""
    return recover_order.payment_refunded(
        event.data.order_id,
        event.data.payment_id,
        orders=orders,
        trace=trace.from_header(event.traceparent),
        causation_id=event.id,
        now=clock.now(),
    )


handler = consumer.entrypoint("on_payment_refunded", consume, reads=RefundedPayment)
