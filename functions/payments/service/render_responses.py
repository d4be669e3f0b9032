"""First answers: the exact text that the client gets, now and on every repeat."""

from dataclasses import replace

from payments import problems
from payments.domain.payment import DECLINED, METHOD_INVALID, Payment, Status
from payments.schemas import PaymentOut
from shop.idempotency import StoredResponse
from shop.problems import Problem
from shop.trace import Trace

_SUCCESS = {Status.CAPTURED: 201, Status.AUTHORIZED: 201, Status.REQUIRES_ACTION: 202}
_DETAILS = {
    DECLINED: "The card was not charged. Place a new order to pay in another way.",
    METHOD_INVALID: "The provider does not know this payment method or cannot use it.",
}
_AS_ASKED = "The provider does not take this payment as it was asked for. Nothing was charged."


def of(payment: Payment, trace: Trace, *, detail: str = "") -> StoredResponse:
    """What the client is told about a payment that has got this far."""
    if payment.status in _SUCCESS:
        return StoredResponse(_SUCCESS[payment.status], PaymentOut.of(payment).model_dump_json())
    return StoredResponse.of_problem(problem_of(payment, detail=detail), trace)


def problem_of(payment: Payment, *, detail: str = "") -> Problem:
    """Why a payment that has ended did not succeed."""
    code = payment.problem_code or problems.ORDER_CLOSED.code
    extra = {"payment_id": payment.payment_id}
    errors = []
    usual = _DETAILS.get(code, "Nothing was charged.")
    if payment.customer_decline_code is not None:
        extra["decline_code"] = payment.customer_decline_code
    if code == METHOD_INVALID and payment.decline_code is not None:
        usual = _AS_ASKED
    elif code == METHOD_INVALID:
        errors = [{"pointer": "/payment_method", "code": code, "detail": "cannot be used"}]
    return Problem(
        problems.CATALOGUE[code],
        detail or usual,
        errors=errors,
        extensions=extra,
    )


def with_answer(payment: Payment, trace: Trace, *, detail: str = "") -> Payment:
    """The payment with its first answer, once it is clear what that is."""
    open_ = payment.status in (Status.PENDING, Status.UNKNOWN)
    held = payment.status is Status.AUTHORIZED  # The stock may yet be gone: answered later.
    if payment.answer is not None or open_ or held:
        return payment
    return replace(payment, answer=of(payment, trace, detail=detail))
