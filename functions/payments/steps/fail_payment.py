"""`fail_payment`: the order cannot be paid by this payment; end the payment alone."""

from payments import wiring
from shop.checkout import FailPaymentOutcome, FailPaymentTask


def handle(task: FailPaymentTask) -> FailPaymentOutcome:
    """Captured: too late; money was taken for an order that is not its own."""
    return wiring.payment_processor(task.trace).fail(
        task.payment_id, code=task.code, detail=task.detail
    )
