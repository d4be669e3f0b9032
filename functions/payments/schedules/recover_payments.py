"""Every minute: drives payments on that have stood in a non-final state for too long."""

from payments.domain.payment import Payment
from payments.repository.payments import PaymentRepository
from payments.service import recover_payment
from payments.settings import RequestSettings
from shop import trace
from shop.checkout_execution import StepFunctionsCheckout
from shop.jobs import FAILED, Run, schedule

settings = RequestSettings.load()
payments = PaymentRepository()
checkout = StepFunctionsCheckout(settings.checkout_machine_arn)


def retry_stalled(run: Run) -> dict[str, int]:
    """Start the machine again for every payment that has stood still; count what was done."""

    def one(payment: Payment) -> str:
        first = trace.from_dict(dict(payment.trace))
        return recover_payment.retry_stalled(
            payment, payments=payments, checkout=checkout, now=run.now, trace=first
        )

    done = {"payment": 0, "abandon": 0, "elsewhere": 0, FAILED: 0}
    return done | run.each(payments.due(run.now), one, key=lambda payment: payment.payment_id)


handler = schedule("payments.recover_payments", retry_stalled)
