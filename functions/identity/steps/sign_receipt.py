"""`sign_receipt`: begun -> erased, with the signed receipt and the event user.erased."""

from identity import wiring
from shop import clock
from shop.erasure import ReceiptSigned, SignReceiptTask


def handle(task: SignReceiptTask) -> ReceiptSigned:
    """One Sign and one conditional write."""
    kept = {"orders": task.orders.kept, "payments": task.payments.kept}
    return wiring.eraser().sign(task.erasure_id, kept, now=clock.now(), trace=task.trace)
