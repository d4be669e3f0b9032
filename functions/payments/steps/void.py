"""`void`: nothing stays held, and a late attempt to authorise stops. Undoes `authorize`."""

from payments.steps import _till
from shop.checkout import VoidOutcome, VoidTask


def handle(task: VoidTask) -> VoidOutcome:
    """Captured: too late."""
    return _till.cashier(task.trace).void(
        task.payment_id,
        code=task.code,
        detail=task.detail,
        order=(task.order_id, task.customer_id),
    )
