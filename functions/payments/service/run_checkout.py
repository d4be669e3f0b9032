"""What routes and recovery share: the machine's input, and what came of it.

None of this talks to a provider; the machine's steps do (process_payment.py).
"""

from dataclasses import dataclass

from payments import problems
from payments.domain.payment import Payment, Status
from payments.service.ports import Payments
from shop import payer_details
from shop.checkout import (
    AbandonInput,
    CheckoutResult,
    OrderRef,
    PayInput,
    PaymentDetails,
    PaymentRequest,
)
from shop.idempotency import StoredResponse
from shop.problems import Problem
from shop.trace import Trace

RETRY_AFTER_S = "2"


@dataclass(frozen=True, slots=True)
class Answered:
    """The first answer, first time or replayed."""

    answer: StoredResponse
    replayed: bool


def pay_input(payment: Payment, trace: Trace, *, first: bool = False) -> PayInput:
    """A resume names the payment alone: what was asked stands in its row."""
    details = None
    if first and payment.personal is not None:
        sealed = payer_details.to_text(payment.personal)
        details = PaymentDetails(sealed=sealed, capture_method=payment.capture_method)
    return PayInput(
        order=_order(payment),
        payment=PaymentRequest(payment_id=payment.payment_id, details=details),
        trace=trace,
    )


def abandon_input(payment: Payment, trace: Trace) -> AbandonInput:
    """To undo a payment and its order."""
    request = PaymentRequest(payment_id=payment.payment_id, details=None)
    return AbandonInput(order=_order(payment), payment=request, trace=trace)


def _order(payment: Payment) -> OrderRef:
    return OrderRef(order_id=payment.order_id, customer_id=payment.customer_id)


def completed(payment_id: str, result: CheckoutResult, payments: Payments) -> StoredResponse | None:
    """The answer of an execution; None if the money that it left held was let go meanwhile.

    Of money that is for the shop to capture only now is it certain that the stock is there too.
    """
    if result.outcome != Status.AUTHORIZED.value or result.answer is None:
        return result.answer
    kept = payments.complete_authorization(payment_id, result.answer)
    return result.answer if kept else None


def incomplete() -> Problem:
    """503: a repeat goes on where this one stopped."""
    return Problem(
        problems.CHECKOUT_INCOMPLETE,
        "It is not known yet how this ended. Repeating it never charges twice.",
        headers={"Retry-After": RETRY_AFTER_S},
    )
