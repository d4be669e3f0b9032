"""`authorize`: hold the order's total. Undone by `void`."""

from payments import wiring
from payments.domain.payment import Payment
from shop import clock, payer_details
from shop.checkout import AuthorizeOutcome, AuthorizeTask
from shop.money import Money


def handle(task: AuthorizeTask) -> AuthorizeOutcome:
    """Without details it goes on with what the payment's row says."""
    payment_processor, details = wiring.payment_processor(task.trace), task.payment.details
    at = clock.rfc3339(payment_processor.now)
    return payment_processor.authorize(
        Payment(
            payment_id=task.payment.payment_id,
            order_id=task.order_id,
            customer_id=task.customer_id,
            personal=payer_details.from_text(details.sealed) if details else None,
            capture_method=details.capture_method if details else "automatic",
            amount=Money(task.amount, task.currency),
            created_at=at,
            updated_at=at,
            trace=task.trace.to_dict(),
        )
    )
