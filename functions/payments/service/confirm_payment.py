"""Go on with a payment after its customer has authenticated."""

from payments import problems
from payments.domain.payment import DECLINED, Payment, Status
from payments.service import render_responses
from payments.service.ports import Payments
from payments.service.run_checkout import completed, incomplete, pay_input
from shop import telemetry
from shop.checkout import Checkout, ExecutionFailed
from shop.problems import Problem
from shop.trace import Trace


def confirm_payment(
    payment: Payment, *, payments: Payments, checkout: Checkout, timeout_s: float, trace: Trace
) -> Payment | Problem:
    """Go on after the customer has authenticated; repeating it changes nothing.

    Returns the payment if the money is taken or held, or still waits for the customer.
    """
    waiting = payment.status in (Status.REQUIRES_ACTION, Status.UNKNOWN)
    if waiting or payment.is_capture_pending:
        try:
            result = checkout.run(pay_input(payment, trace), timeout_s=timeout_s)
        except ExecutionFailed:
            telemetry.logger.warning("confirmation incomplete")
        else:
            completed(payment.payment_id, result, payments)
        payment = payments.get(payment.payment_id) or payment
        if payment.status in (Status.PENDING, Status.UNKNOWN) or payment.is_capture_pending:
            return incomplete()
    if payment.status in (Status.CAPTURED, Status.AUTHORIZED, Status.REQUIRES_ACTION):
        return payment
    if payment.status is Status.FAILED and payment.problem_code == DECLINED:
        return render_responses.problem_of(payment)
    return Problem(
        problems.PAYMENT_NOT_CONFIRMABLE,
        f"The payment is {payment.status.value}.",
        extensions={"payment_id": payment.payment_id},
    )
