"""What a step tells the checkout machine about a payment."""

from typing import Any

from payments.domain.payment import Payment, PaymentConflict, Status
from payments.schemas import PaymentOut
from payments.service import render_responses
from shop import strict
from shop.checkout import (
    Authorized,
    AuthorizeOutcome,
    Captured,
    CaptureFailed,
    CaptureMethod,
    CaptureOutcome,
    Declined,
    OwnState,
    RequiresAction,
    Unknown,
    Voided,
    VoidOutcome,
)
from shop.idempotency import StoredResponse
from shop.money import Money
from shop.trace import Trace


class _State(strict.Message):
    """What `capture` needs of an authorised payment: travels through the machine, saves a read."""

    payment_id: str
    order_id: str
    customer_id: str
    status: Status
    capture_method: CaptureMethod
    amount: Money
    psp: str
    attempt_id: str
    psp_reference: str | None
    created_at: str
    updated_at: str
    next_attempt_at: str | None
    version: int
    answer: StoredResponse | None


def to_task(payment: Payment) -> OwnState:
    """For the task `capture`."""
    names = strict.fields_of(_State)
    state: OwnState = strict.dump(_State(**{name: getattr(payment, name) for name in names}))
    return state


def from_task(state: OwnState) -> Payment:
    """Inverse of `to_task`; fields that it leaves out are empty and must not be saved."""
    known: Any = strict.parse(_State, state)
    fields = {name: getattr(known, name) for name in strict.fields_of(_State)}
    return Payment(**fields)


def of_authorize(payment: Payment, trace: Trace) -> AuthorizeOutcome:
    """How far the payment has got."""
    status = payment.status
    if status in (Status.PENDING, Status.UNKNOWN):
        return Unknown()
    if status is Status.AUTHORIZED:
        return _authorized(payment, trace)
    if status is Status.CAPTURED:
        return _captured(payment, trace)
    answer = _answer(payment, trace)
    if status is Status.REQUIRES_ACTION:
        return RequiresAction(answer=answer, payment=_shown(payment))
    if status is Status.VOIDED:
        return Voided(answer=answer)
    problem = render_responses.problem_of(payment)
    return Declined(
        answer=answer,
        code=problem.type.code,
        detail=problem.detail,
        decline_code=payment.customer_decline_code,
    )


def of_capture(payment: Payment, trace: Trace) -> CaptureOutcome:
    """Authorized: it is for the shop to capture. Failed: it can be captured no more."""
    if payment.status is Status.CAPTURED:
        return _captured(payment, trace)
    if payment.status is Status.AUTHORIZED:
        return _authorized(payment, trace)
    return CaptureFailed()


def of_void(payment: Payment, trace: Trace) -> VoidOutcome:
    """Voided: nothing is held, whatever it was called. Captured: too late."""
    if payment.status not in (Status.CAPTURED, Status.FAILED, Status.VOIDED):
        raise PaymentConflict(f"void left the payment {payment.status}")
    if payment.status is Status.CAPTURED:
        return _captured(payment, trace)
    return Voided(answer=_answer(payment, trace))


def _authorized(payment: Payment, trace: Trace) -> Authorized:
    return Authorized(
        answer=_answer(payment, trace),
        payment=_shown(payment),
        capture_method=payment.capture_method,
        state=to_task(payment),
    )


def _captured(payment: Payment, trace: Trace) -> Captured:
    return Captured(
        answer=_answer(payment, trace),
        payment=_shown(payment),
        capture_method=payment.capture_method,
    )


def _shown(payment: Payment) -> dict[str, Any]:
    return PaymentOut.of(payment).model_dump()


def _answer(payment: Payment, trace: Trace) -> StoredResponse:
    """The first answer; for held money the one that it gets if all goes on well."""
    return payment.answer or render_responses.of(payment, trace)
