"""What a client and the recovery job get, whatever the machine did."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from payments import problems
from payments.domain.payment import Payment, Status
from payments.service.confirm_payment import confirm_payment
from payments.service.create_payment import create_payment, refuse_test_method
from payments.service.get_payment import get_payment
from payments.service.recover_payment import retry_stalled
from payments.service.run_checkout import Answered
from shop import clock, ids, trace
from shop.checkout import CheckoutResult
from shop.idempotency import StoredResponse
from shop.jobs import Run
from shop.payer_details import to_text
from shop.problems import Problem
from tests.support.checkout import FakeCheckout, result
from tests.unit.payments.fakes import CUSTOMER, NOW, PAYMENT, TRACE, FakePayments, make_payment

WANTED = make_payment(amount=None, fingerprint="f" * 64, next_attempt_at=None)
HELD = make_payment(status=Status.AUTHORIZED, capture_method="manual", fingerprint="f" * 64)
NO_ANSWER = CheckoutResult(outcome="abandoned", answer=None)
HELD_RESULT = result("authorized", 201, "held")
CAPTURED = result("captured", 201, '{"status":"captured"}')


def machine_of(*results: CheckoutResult | None) -> FakeCheckout:
    """Gives these results in turn; None is an execution that did not end well."""
    return FakeCheckout(list(results))


def create(
    payments: FakePayments, checkout: FakeCheckout, *, seconds: int = 0, **kw: Any
) -> Answered | Problem:
    wanted = replace(WANTED, lease_owner=f"invocation-{seconds}", **kw)
    now = NOW + timedelta(seconds=seconds)
    return create_payment(
        wanted, payments=payments, checkout=checkout, timeout_s=9, now=now, trace=TRACE
    )


def confirm(
    payment: Payment, checkout: FakeCheckout, payments: FakePayments | None = None
) -> Payment | Problem:
    return confirm_payment(
        payment, payments=payments or FakePayments(), checkout=checkout, timeout_s=9, trace=TRACE
    )


def test_the_first_request_hands_everything_to_the_machine() -> None:
    payments, machine = FakePayments(), machine_of(CAPTURED)
    found = create(payments, machine)
    assert found == Answered(StoredResponse(201, '{"status":"captured"}'), replayed=False)
    (data,) = machine.inputs
    assert data["mode"] == "payment"
    assert WANTED.personal is not None
    details = {"sealed": to_text(WANTED.personal), "capture_method": "automatic"}
    assert data["payment"] == {"payment_id": PAYMENT, "details": details}
    assert data["order"] == {"order_id": WANTED.order_id, "customer_id": CUSTOMER}


def test_a_repeat_gets_the_stored_answer_and_starts_nothing() -> None:
    payments, machine = FakePayments(), machine_of()
    payments.insert(replace(WANTED, answer=StoredResponse(201, "first")))
    assert create(payments, machine) == Answered(StoredResponse(201, "first"), replayed=True)


def test_another_body_under_the_same_key_is_refused() -> None:
    payments = FakePayments()
    payments.insert(WANTED)
    found = create(payments, machine_of(), fingerprint="0" * 64)
    assert isinstance(found, Problem)
    assert found.type is problems.IDEMPOTENCY_KEY_REUSED


def test_a_repeat_while_the_first_request_runs_waits() -> None:
    payments = FakePayments()
    payments.insert(replace(WANTED, lease_owner="other", lease_until=clock.rfc3339(NOW)))
    soon = create(payments, machine_of(), seconds=-5)
    assert isinstance(soon, Problem)
    assert soon.type is problems.REQUEST_IN_PROGRESS


def test_an_incomplete_run_frees_the_lease_so_that_a_repeat_goes_on() -> None:
    payments, machine = FakePayments(), machine_of(None, NO_ANSWER, CAPTURED)
    for second in (0, 1):
        found = create(payments, machine, seconds=second)
        assert isinstance(found, Problem)
        assert found.type is problems.CHECKOUT_INCOMPLETE
    assert isinstance(create(payments, machine, seconds=2), Answered)
    # The row says the rest.
    assert machine.inputs[2]["payment"] == {"payment_id": PAYMENT, "details": None}


def test_of_two_repeats_after_a_crash_one_goes_on() -> None:
    class Contended(FakePayments):
        def take_over(self, *_: Any, **__: Any) -> bool:
            return False

    payments = Contended()
    payments.insert(replace(WANTED, lease_owner="crashed", lease_until=clock.rfc3339(NOW)))
    found = create(payments, machine_of(), seconds=60)
    assert isinstance(found, Problem)
    assert found.type is problems.REQUEST_IN_PROGRESS


def test_the_answer_of_held_money_is_stored_when_all_went_well() -> None:
    payments = FakePayments()
    payments.insert(HELD)
    assert isinstance(create(payments, machine_of(HELD_RESULT), capture_method="manual"), Answered)
    again = create(payments, machine_of(), capture_method="manual")
    assert again == Answered(StoredResponse(201, "held"), replayed=True)
    assert payments.rows[PAYMENT].next_attempt_at is None


def test_held_money_stays_due_while_no_machine_ended_well() -> None:
    payments = FakePayments()
    payments.insert(HELD)
    create(payments, machine_of(None), capture_method="manual")
    assert payments.rows[PAYMENT] == HELD


def test_money_that_was_let_go_meanwhile_is_not_answered_as_held() -> None:
    payments = FakePayments()
    payments.insert(replace(HELD, status=Status.VOIDED, next_attempt_at=None))
    found = create(payments, machine_of(HELD_RESULT), capture_method="manual")
    assert isinstance(found, Problem)
    assert found.type is problems.CHECKOUT_INCOMPLETE


def test_a_confirmation_of_held_money_lasts_until_its_stock_is_committed() -> None:
    payments, machine = FakePayments(), machine_of(None, HELD_RESULT)
    payments.insert(replace(HELD, answer=StoredResponse(202, "first")))
    cut_off = confirm(payments.rows[PAYMENT], machine, payments)
    assert isinstance(cut_off, Problem)
    done = confirm(payments.rows[PAYMENT], machine, payments)
    assert not isinstance(done, Problem)
    assert (done.status, done.next_attempt_at) == (Status.AUTHORIZED, None)
    assert done.answer == StoredResponse(202, "first")
    assert confirm(done, machine_of(), payments) is done


def test_a_lease_belongs_to_one_invocation_whatever_its_request_is_called() -> None:
    payments = FakePayments()
    lease = clock.rfc3339(NOW + timedelta(seconds=30))
    payments.insert(replace(WANTED, lease_owner=TRACE.request_id, lease_until=lease))
    found = create(payments, machine_of())
    assert isinstance(found, Problem)
    assert found.type is problems.REQUEST_IN_PROGRESS


def test_a_test_method_is_refused_where_money_is_real() -> None:
    refused = refuse_test_method("pm_card_visa")
    assert refused is not None
    assert refused.type is problems.PAYMENT_METHOD_INVALID
    assert refuse_test_method("pm_1Qx2eZvKYlo2C") is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.PENDING, "payment_not_confirmable"),
        (Status.VOIDED, "payment_not_confirmable"),
        (Status.FAILED, "payment_declined"),
    ],
)
def test_what_does_not_wait_cannot_be_confirmed(status: Status, code: str) -> None:
    payment = make_payment(status=status)
    if status is Status.FAILED:
        payment = replace(payment, decline_code="expired_card", problem_code="payment_declined")
    found = confirm(payment, machine_of())
    assert isinstance(found, Problem)
    assert found.type.code == code


def test_confirming_what_is_paid_changes_nothing() -> None:
    paid = make_payment(status=Status.CAPTURED)
    assert confirm(paid, machine_of()) is paid


def test_a_confirmation_answers_with_what_the_payment_is_then() -> None:
    payments = FakePayments()
    waiting = make_payment(status=Status.REQUIRES_ACTION)
    payments.insert(waiting)

    def capture(_: dict[str, Any]) -> None:
        payments.rows[PAYMENT] = replace(waiting, status=Status.CAPTURED)

    confirmed = confirm(waiting, FakeCheckout([CAPTURED], capture), payments)
    assert not isinstance(confirmed, Problem)
    assert confirmed.status is Status.CAPTURED


@pytest.mark.parametrize("status", [Status.UNKNOWN, Status.AUTHORIZED])
def test_a_confirmation_that_is_cut_off_is_retryable(status: Status) -> None:
    payments = FakePayments()
    payments.insert(make_payment(status=status))
    waiting = make_payment(status=Status.REQUIRES_ACTION)
    found = confirm(waiting, machine_of(None), payments)
    assert isinstance(found, Problem)
    assert found.type is problems.CHECKOUT_INCOMPLETE


@pytest.mark.parametrize("text", ["", "pay_x", "x" * 3000, PAYMENT.replace("pay", "ord")])
def test_what_is_no_id_is_not_looked_up(text: str) -> None:
    class Unread(FakePayments):
        def get(self, payment_id: str) -> Payment | None:
            raise AssertionError("read")

    found = get_payment(text, payments=Unread(), subject=CUSTOMER, sees_all=True)
    assert isinstance(found, Problem)
    assert found.type is problems.NOT_FOUND


def driven(payments: FakePayments, minutes: float) -> list[dict[str, Any]]:
    machine = FakeCheckout()
    count(payments, machine, minutes)
    return machine.inputs


def count(payments: FakePayments, checkout: FakeCheckout, minutes: float) -> dict[str, int]:
    now = NOW + timedelta(minutes=minutes)
    one = partial(retry_stalled, payments=payments, checkout=checkout, now=now)
    return Run("payments", now, TRACE).each(
        payments.due(now),
        lambda payment: one(payment, trace=trace.from_dict(dict(payment.trace))),
        key=lambda payment: payment.payment_id,
    )


def test_the_recovery_job_leaves_alone_what_may_still_run() -> None:
    payments = FakePayments()
    payments.insert(make_payment())
    assert driven(payments, 0.9) == []


def test_the_recovery_job_goes_on_and_after_15_minutes_gives_up() -> None:
    payments = FakePayments()
    payments.insert(make_payment())
    modes = [run["mode"] for minute in range(1, 17) for run in driven(payments, minute)]
    assert modes[-1] == "abandon"
    assert set(modes[:-1]) == {"payment"}
    assert 4 <= len(modes) <= 10  # it looks less and less often


def test_the_recovery_job_goes_on_under_the_trace_of_the_request() -> None:
    payments = FakePayments()
    payments.insert(make_payment())
    (started,) = driven(payments, 1)
    assert started["trace"]["request_id"] == "request-1"
    assert started["trace"]["traceparent"][3:35] == TRACE.correlation_id
    assert started["payment"] == {"payment_id": PAYMENT, "details": None}


def test_of_two_recovery_job_one_drives() -> None:
    class Late(FakePayments):
        def postpone(self, *_: Any, **__: Any) -> bool:
            return False

    payments = Late()
    payments.insert(make_payment())
    assert driven(payments, 1) == []


def test_a_fault_with_one_payment_leaves_the_others_alone() -> None:
    payments = FakePayments()
    for name in ("a", "b", "c"):
        payments.insert(make_payment(payment_id=ids.derive("pay", name, region="use1")))

    def throttled_once(_: dict[str, Any]) -> None:
        if len(machine.inputs) == 2:
            raise RuntimeError("ThrottlingException")

    machine = FakeCheckout(act=throttled_once)
    counts = count(payments, machine, 1)
    assert counts == {"payment": 2, "failed": 1}
    assert len(driven(payments, 5)) == 3  # none is forgotten


def test_the_recovery_job_never_gives_up_money_that_is_held_on_purpose() -> None:
    """Its order does. The job looks, ever less often, as it cannot know how a machine ended."""
    payments = FakePayments()
    payments.insert(HELD)
    six_days = [run["mode"] for minute in range(6 * 24 * 60) for run in driven(payments, minute)]
    assert set(six_days) == {"payment"}
    assert len(six_days) < 30
