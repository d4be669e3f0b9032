"""What the routes and the janitor do: store the wish, start the machine, tell what came of it.

None of this talks to a provider; the machine's steps do (charging.py).
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from payments import problems
from payments.domain import DECLINED, Payment, Status
from payments.service import answers
from payments.service.ports import Payments
from shop import clock, idempotency, ids, telemetry
from shop.checkout import (
    AbandonInput,
    Checkout,
    CheckoutResult,
    ExecutionFailed,
    OrderRef,
    PayInput,
    PaymentDetails,
    PaymentRequest,
)
from shop.idempotency import Answer, Replay
from shop.problems import Problem
from shop.trace import Trace

DUE_AFTER = timedelta(seconds=60)
ABANDON_AFTER = timedelta(minutes=15)
POSTPONE_MAX = timedelta(minutes=5)
RETRY_AFTER_S = "2"
_TEST_METHODS = "pm_card_"


@dataclass(frozen=True, slots=True)
class Answered:
    """The first answer, first time or replayed."""

    answer: Answer
    replayed: bool


def test_method_refused(method: str) -> Problem | None:
    """For production: a provider's test methods pay nothing."""
    if not method.startswith(_TEST_METHODS):
        return None
    error = {"pointer": "/payment_method", "code": "test_method", "detail": "not accepted here"}
    return Problem(
        problems.PAYMENT_METHOD_INVALID, "Test methods are not accepted.", errors=[error]
    )


def create_payment(
    wanted: Payment,
    *,
    payments: Payments,
    checkout: Checkout,
    timeout_s: float,
    now: datetime,
    trace: Trace,
) -> Answered | Problem:
    """Store the payment once and run the second half of the checkout for it.

    Its `lease_owner` is this invocation: a name that no other one has.
    A repeat gets the first answer, or takes over what a crash has left.
    """
    leased = replace(
        wanted,
        lease_until=idempotency.lease_end(now),
        due_at=clock.rfc3339(now + DUE_AFTER),
        trace=trace.to_dict(),
    )
    data = pay_input(leased, trace, first=True)
    if not payments.insert(leased):
        refused = _repeat(leased, payments, now)
        if refused is not None:
            return refused
        data = pay_input(leased, trace)
    answer = None
    with suppress(ExecutionFailed):  # Logged there; a repeat goes on.
        result = checkout.run(data, timeout_s=timeout_s)
        answer = _completed(leased.payment_id, result, payments)
    if answer is None:
        payments.release(leased.payment_id, owner=leased.lease_owner)
        return _incomplete()
    return Answered(answer, replayed=False)


def get_payment(
    payment_id: str, *, payments: Payments, subject: str, sees_all: bool
) -> Payment | Problem:
    """Somebody else's payment does not exist for a customer; what is no id is not looked up."""
    payment = payments.get(payment_id) if ids.is_id("pay", payment_id) else None
    if payment is None or not (sees_all or payment.customer_id == subject):
        return Problem(problems.NOT_FOUND, "There is no such payment.")
    return payment


def confirm_payment(
    payment: Payment, *, payments: Payments, checkout: Checkout, timeout_s: float, trace: Trace
) -> Payment | Problem:
    """Go on after the customer has authenticated; repeating it changes nothing.

    Returns the payment if the money is taken or held, or still waits for the customer.
    """
    waiting = payment.status in (Status.REQUIRES_ACTION, Status.UNKNOWN)
    if waiting or _half_done(payment):
        try:
            result = checkout.run(pay_input(payment, trace), timeout_s=timeout_s)
        except ExecutionFailed:
            telemetry.logger.warning("confirmation incomplete")
        else:
            _completed(payment.payment_id, result, payments)
        payment = payments.get(payment.payment_id) or payment
        if payment.status in (Status.PENDING, Status.UNKNOWN) or _half_done(payment):
            return _incomplete()
    if payment.status in (Status.CAPTURED, Status.AUTHORIZED, Status.REQUIRES_ACTION):
        return payment
    if payment.status is Status.FAILED and payment.problem_code == DECLINED:
        return answers.problem_of(payment)
    return Problem(
        problems.PAYMENT_NOT_CONFIRMABLE,
        f"The payment is {payment.status.value}.",
        extra={"payment_id": payment.payment_id},
    )


def drive(
    payment: Payment,
    *,
    payments: Payments,
    checkout: Checkout,
    now: datetime,
    trace: Trace,
) -> str:
    """Start the machine again for a payment that has stood still; the mode, or `elsewhere`.

    For 15 minutes it goes on, then it gives up. A payment that waits for its customer is looked at
    less and less often: that look also finds a customer who authenticated and never came back. It
    is put off first: one that fails is found again after its pause.
    """
    mode, pause = _next_look(payment, now - clock.parse(payment.created_at))
    if not payments.postpone(payment, due_at=clock.rfc3339(now + pause)):
        return "elsewhere"
    again = pay_input if mode == "payment" else abandon_input
    checkout.start(again(payment, trace))
    return mode


def is_unfinished(payment: Payment) -> bool:
    """Whether a look at the provider's books can bring it on."""
    under_way = payment.status in (Status.PENDING, Status.REQUIRES_ACTION, Status.UNKNOWN)
    return under_way or _half_done(payment)


def pay_input(payment: Payment, trace: Trace, *, first: bool = False) -> PayInput:
    """A resume names the payment alone: what was asked stands in its row."""
    details = PaymentDetails(
        payment_method=payment.payment_method,
        capture_method=payment.capture_method,
        return_url=payment.return_url,
    )
    return PayInput(
        order=_order(payment),
        payment=PaymentRequest(payment_id=payment.payment_id, details=details if first else None),
        trace=trace,
    )


def abandon_input(payment: Payment, trace: Trace) -> AbandonInput:
    """To undo a payment and its order."""
    request = PaymentRequest(payment_id=payment.payment_id, details=None)
    return AbandonInput(order=_order(payment), payment=request, trace=trace)


def _order(payment: Payment) -> OrderRef:
    return OrderRef(order_id=payment.order_id, customer_id=payment.customer_id)


def _repeat(leased: Payment, payments: Payments, now: datetime) -> Answered | Problem | None:
    """The answer for a key that was used before; None if its lease is ours now."""
    stored = payments.get(leased.payment_id)
    if stored is None:
        raise LookupError("the payment's row is gone")
    decision = idempotency.decide(
        idempotency.Stored(
            stored.fingerprint, stored.lease_owner, stored.lease_until, stored.answer
        ),
        fingerprint=leased.fingerprint,
        owner=leased.lease_owner,
        now=now,
    )
    if isinstance(decision, Replay):
        return Answered(decision.answer, replayed=True)
    if isinstance(decision, Problem):
        return decision
    if payments.take_over(stored, owner=leased.lease_owner, until=leased.lease_until):
        return None
    return Problem(
        problems.REQUEST_IN_PROGRESS,
        "Repeat the request with the same key to get its answer.",
        headers={"Retry-After": RETRY_AFTER_S},
    )


def _completed(payment_id: str, result: CheckoutResult, payments: Payments) -> Answer | None:
    """The answer of an execution; None if the money that it left held was let go meanwhile.

    Of money that is for the shop to capture only now is it certain that the stock is there too.
    """
    if result.outcome != Status.AUTHORIZED.value or result.answer is None:
        return result.answer
    kept = payments.complete_authorization(payment_id, result.answer)
    return result.answer if kept else None


def _half_done(payment: Payment) -> bool:
    """Authorised, and no machine is known to have captured it, or to have committed its stock."""
    return payment.status is Status.AUTHORIZED and payment.due_at is not None


def _incomplete() -> Problem:
    return Problem(
        problems.CHECKOUT_INCOMPLETE,
        "It is not known yet how this ended. Repeating it never charges twice.",
        headers={"Retry-After": RETRY_AFTER_S},
    )


def _next_look(payment: Payment, age: timedelta) -> tuple[str, timedelta]:
    """What to start now, and how long to wait before the look after that."""
    pause = max(DUE_AFTER, age / 2)
    if payment.held_on_purpose:
        # A machine that nobody waited for may have ended well; going on is harmless then. Giving
        # up is left to the order, which knows whether it has its stock.
        return "payment", pause
    pause = min(POSTPONE_MAX, pause)
    if age >= ABANDON_AFTER:
        return "abandon", pause
    return "payment", min(pause, ABANDON_AFTER - age)
