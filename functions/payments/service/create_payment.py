"""Store what a payment is to be, and have the checkout machine make it."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from payments import problems
from payments.domain.payment import RECOVER_AFTER, Payment
from payments.service.ports import Payments
from payments.service.run_checkout import RETRY_AFTER_S, Answered, completed, incomplete, pay_input
from shop import clock, idempotency
from shop.checkout import Checkout, ExecutionFailed
from shop.idempotency import Replay
from shop.problems import Problem
from shop.trace import Trace

_TEST_METHODS = "pm_card_"


def refuse_test_method(method: str) -> Problem | None:
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
        next_attempt_at=clock.rfc3339(now + RECOVER_AFTER),
        trace=trace.to_dict(),
    )
    data = pay_input(leased, trace, first=True)
    if not payments.insert(leased):
        refused = _replay_or_take_over(leased, payments, now)
        if refused is not None:
            return refused
        data = pay_input(leased, trace)
    answer = None
    with suppress(ExecutionFailed):  # Logged there; a repeat goes on.
        result = checkout.run(data, timeout_s=timeout_s)
        answer = completed(leased.payment_id, result, payments)
    if answer is None:
        payments.release(leased.payment_id, owner=leased.lease_owner)
        return incomplete()
    return Answered(answer, replayed=False)


def _replay_or_take_over(
    leased: Payment, payments: Payments, now: datetime
) -> Answered | Problem | None:
    """The answer for a key that was used before; None if its lease is ours now."""
    stored = payments.get(leased.payment_id)
    if stored is None:
        raise LookupError("the payment's row is gone")
    decision = idempotency.decide(
        idempotency.IdempotencyRecord(
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
