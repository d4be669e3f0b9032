"""What the routes and the janitor do: store the wish, start the machine, tell what came of it.

None of this talks to a provider; the machine's steps do (charging.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from payments import problems
from payments.domain import DECLINED, Payment, Status
from payments.service import answers
from payments.service.ports import Payments
from shop import clock, idempotency, ids, telemetry
from shop.idempotency import Answer, Replay
from shop.machine import CheckoutIncomplete
from shop.problems import Problem
from shop.trace import Trace

DUE_AFTER = timedelta(seconds=60)
ABANDON_AFTER = timedelta(minutes=15)
POSTPONE_MAX = timedelta(minutes=5)
RETRY_AFTER_S = "2"
_TEST_METHODS = "pm_card_"

Run = Callable[[dict[str, Any]], dict[str, Any]]


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
    wanted: Payment, *, payments: Payments, run: Run, now: datetime, trace: Trace
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
    data = machine_input("payment", leased, trace, first=True)
    if not payments.insert(leased):
        refused = _repeat(leased, payments, now)
        if refused is not None:
            return refused
        data = machine_input("payment", leased, trace)
    try:
        output = run(data)
    except CheckoutIncomplete:
        output = {}
    answer = output.get("answer")
    if answer is None or not _settled(leased.payment_id, output, payments):
        payments.release(leased.payment_id, owner=leased.lease_owner)
        return _incomplete()
    return Answered(Answer(int(answer["status"]), answer["body"]), replayed=False)


def get_payment(
    payment_id: str, *, payments: Payments, subject: str, sees_all: bool
) -> Payment | Problem:
    """Somebody else's payment does not exist for a customer; what is no id is not looked up."""
    payment = payments.get(payment_id) if ids.is_id("pay", payment_id) else None
    if payment is None or not (sees_all or payment.customer_id == subject):
        return Problem(problems.NOT_FOUND, "There is no such payment.")
    return payment


def confirm_payment(
    payment: Payment, *, payments: Payments, run: Run, trace: Trace
) -> Payment | Problem:
    """Go on after the customer has authenticated; repeating it changes nothing.

    Returns the payment if the money is taken or held, or still waits for the customer.
    """
    waiting = payment.status in (Status.REQUIRES_ACTION, Status.UNKNOWN)
    if waiting or _half_done(payment):
        try:
            output = run(machine_input("payment", payment, trace))
        except CheckoutIncomplete:
            telemetry.logger.warning("confirmation incomplete")
        else:
            _settled(payment.payment_id, output, payments)
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
    *,
    payments: Payments,
    start: Callable[[dict[str, Any]], object],
    now: datetime,
    trace_of: Callable[[Mapping[str, str]], Trace],
) -> dict[str, int]:
    """Start the machine again for every payment that has stood still; count what was done.

    For 15 minutes it goes on, then it gives up. A payment that waits for its customer is looked at
    less and less often: that look also finds a customer who authenticated and never came back.
    A fault with one payment leaves the others alone; it is found again after its pause.
    """
    counts = {"payment": 0, "abandon": 0, "elsewhere": 0, "failed": 0}
    for payment in payments.due(now):
        age = now - clock.parse(payment.created_at)
        mode, pause = _next_look(payment, age)
        try:
            if payments.postpone(payment, due_at=clock.rfc3339(now + pause)):
                start(machine_input(mode, payment, trace_of(payment.trace)))
            else:
                mode = "elsewhere"
        except Exception as error:
            telemetry.fault("payment not driven on", error, payment_id=payment.payment_id)
            mode = "failed"
        counts[mode] += 1
    return counts


def is_unfinished(payment: Payment) -> bool:
    """Whether a look at the provider's books can bring it on."""
    under_way = payment.status in (Status.PENDING, Status.REQUIRES_ACTION, Status.UNKNOWN)
    return under_way or _half_done(payment)


def machine_input(
    mode: str, payment: Payment, trace: Trace, *, first: bool = False
) -> dict[str, Any]:
    """A resume names the payment alone: what was asked stands in its row."""
    wanted = {
        "method": payment.method,
        "capture": payment.capture,
        "return_url": payment.return_url,
    }
    return {
        "mode": mode,
        "order": {"order_id": payment.order_id, "customer_id": payment.customer_id},
        "payment": {"payment_id": payment.payment_id, **(wanted if first else {})},
        "trace": {**trace.to_dict(), "correlation_id": trace.correlation_id},
    }


def attempts(payment: Payment) -> Sequence[dict[str, Any]]:
    """What was tried at the provider; never the payment method itself."""
    if payment.psp_reference is None:
        return []
    return [
        {
            "attempt_id": payment.attempt_id,
            "psp": payment.psp,
            "psp_reference": payment.psp_reference,
            "status": payment.status.value,
            "decline_code": payment.decline_code,
        }
    ]


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


def _settled(payment_id: str, output: dict[str, Any], payments: Payments) -> bool:
    """After a machine that ended well; False if the money it left held was let go meanwhile.

    Of money that is held on purpose only now is it certain that the stock is there too.
    """
    if output.get("outcome") != Status.AUTHORIZED.value:
        return True
    answer = output["answer"]
    return payments.settle_held(payment_id, Answer(int(answer["status"]), answer["body"]))


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
