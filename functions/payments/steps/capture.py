"""`capture`: take the held money. The pivot of the checkout: it has no compensation."""

from payments.steps import _till
from shop.checkout import CaptureOutcome, CaptureTask


def handle(task: CaptureTask) -> CaptureOutcome:
    """Of the payment as `authorize` left it."""
    return _till.cashier(task.trace).capture(task.payment)
