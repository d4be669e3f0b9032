"""`void`: nothing stays held, and a late attempt to authorise stops. Undoes `authorize`."""

from payments import wiring
from shop.checkout import VoidOutcome, VoidTask


def handle(task: VoidTask) -> VoidOutcome:
    """Captured: too late."""
    return wiring.payment_processor(task.trace).void(
        task.payment_id,
        code=task.code,
        detail=task.detail,
        order=(task.order_id, task.customer_id),
    )
