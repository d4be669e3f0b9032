"""checkout.stuck: give back the money that was taken for an order which is closed."""

from payments import wiring
from payments.events import StuckCheckout
from payments.service.refund_payment import refund_payment
from shop import clock, trace
from shop.consumer import On, entrypoint
from shop.events import Envelope

DUE_BACK = "captured_after_close"


def consume(event: Envelope[StuckCheckout]) -> str:
    """One that is only slow is left to the machine. What fails comes again, for two days."""
    if event.data.reason != DUE_BACK or event.data.payment_id is None:
        return "ignored"
    return refund_payment(
        event.data.payment_id,
        order_id=event.data.order_id,
        payments=wiring.payments,
        psp=wiring.open_psp(),
        now=clock.now(),
        trace=trace.from_header(event.traceparent),
        causation_id=event.id,
    )


handler = entrypoint("payments.on_checkout_stuck", On(StuckCheckout, consume))
