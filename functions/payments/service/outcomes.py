"""What a step tells the machine about a payment, as data."""

from typing import Any

from payments import domain
from payments.domain import CLOSED, DECLINED, Mismatch, Payment, Status
from payments.service import answers
from shop.idempotency import Answer
from shop.trace import Trace

REFUSED: dict[str, Any] = {
    "outcome": "refused",
    "code": DECLINED,
    "detail": "The provider refused to take the money that it held.",
}


def refused(code: str, answer: Answer) -> dict[str, Any]:
    """The payment was ended alone, or never began."""
    return {"outcome": "refused", "code": code, "answer": answer.to_dict()}


def of_authorize(payment: Payment, trace: Trace) -> dict[str, Any]:
    """authorized, captured, requires_action, declined, voided or unknown."""
    status = payment.status
    if status in (Status.PENDING, Status.UNKNOWN):
        return {"outcome": "unknown"}
    result: dict[str, Any] = {
        "answer": _answer(payment, trace),
        "payment": domain.public(payment),
        "capture": payment.capture,
    }
    if status is Status.AUTHORIZED:
        return {"outcome": "authorized", **result, "snapshot": domain.snapshot(payment)}
    if status is Status.FAILED:
        problem = answers.problem_of(payment)
        result |= {"decline_code": payment.decline_code, "detail": problem.detail}
        return {"outcome": "declined", "code": problem.type.code, **result}
    if status is Status.VOIDED:
        return {"outcome": "voided", "code": payment.problem_code or CLOSED, **result}
    return {"outcome": status.value, **result}  # captured, requires_action


def of_capture(payment: Payment, trace: Trace) -> dict[str, Any]:
    """captured, authorized (held on purpose) or refused."""
    if payment.status in (Status.CAPTURED, Status.AUTHORIZED):
        return {
            "outcome": payment.status.value,
            "answer": _answer(payment, trace),
            "payment": domain.public(payment),
        }
    return REFUSED


def of_void(payment: Payment, trace: Trace) -> dict[str, Any]:
    """voided (nothing is held, whatever it was called) or captured (too late)."""
    if payment.status not in (Status.CAPTURED, Status.FAILED, Status.VOIDED):
        raise Mismatch(f"void left the payment {payment.status}")
    result = {"answer": _answer(payment, trace), "payment": domain.public(payment)}
    if payment.status is Status.CAPTURED:
        return {"outcome": "captured", **result}
    return {"outcome": "voided", "code": payment.problem_code or CLOSED, **result}


def _answer(payment: Payment, trace: Trace) -> dict[str, Any]:
    """The first answer; for held money the one that it gets if all goes on well."""
    return (payment.answer or answers.of(payment, trace)).to_dict()
