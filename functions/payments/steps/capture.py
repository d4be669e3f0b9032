"""`capture`: take the held money. The pivot of the checkout: it has no compensation."""

from payments import wiring
from shop.checkout import CaptureOutcome, CaptureTask


def handle(task: CaptureTask) -> CaptureOutcome:
    """Of the payment as `authorize` left it."""
    return wiring.payment_processor(task.trace).capture(task.payment)
