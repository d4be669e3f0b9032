"""What payments' rules say of rows as its repository writes them, beside what others state."""

from dataclasses import replace

import pytest

from payments import events
from payments.domain.payment import Payment, Status
from payments.repository.payments import PaymentRepository
from shop.facts import CapturePosted, EventExpected, OrderState, PaymentState, RefundPosted
from tests.support import dynamodb
from tests.support.invariants import stated, violated
from tests.unit.payments.fakes import AT, NOW, ORDER, PAYMENT, TRACE, make_payment

pytestmark = pytest.mark.usefixtures("world")
OTHER = "pay_use1_00000000000000000000000009"
AT_PSP = make_payment(
    psp_reference="pi_1", attempt_id="att_1", captured_at=AT, problem_code="payment_declined"
)
assert AT_PSP.amount is not None
TOTAL = (AT_PSP.amount.amount, AT_PSP.amount.currency)
PAID = OrderState(
    ORDER,
    status="paid",
    is_paid=True,
    is_final=True,
    payment_id=PAYMENT,
    owed=(),
    total=TOTAL,
)
POSTED = CapturePosted(PAYMENT, transaction_id="txn_1")


def store(payment: Payment) -> None:
    told = payment.status in (Status.CAPTURED, Status.AUTHORIZED, Status.FAILED, Status.VOIDED)
    event = events.status_reached(payment, now=NOW, trace=TRACE) if told else None
    assert PaymentRepository().insert(payment, event)


@pytest.mark.parametrize("status", list(Status))
def test_every_status_says_what_it_means(status: Status) -> None:
    store(replace(AT_PSP, status=status))
    [state, *rest] = stated("payments")
    assert state == PaymentState(
        PAYMENT,
        order_id=ORDER,
        status=status.value,
        is_captured=status is Status.CAPTURED,
        is_authorized=status in (Status.AUTHORIZED, Status.REQUIRES_ACTION, Status.UNKNOWN),
        amount=TOTAL,
    )
    told = status in (Status.AUTHORIZED, Status.CAPTURED, Status.FAILED, Status.VOIDED)
    assert (EventExpected(PAYMENT, f"payment.{status.value}") in rest) == told


def test_a_capture_is_its_orders_and_posted_once() -> None:
    store(replace(AT_PSP, status=Status.CAPTURED))
    assert violated("payments", PAID, POSTED) == set()
    assert violated("payments", PAID) == {("I4", PAYMENT)}
    again = CapturePosted(PAYMENT, transaction_id="txn_2")
    assert violated("payments", PAID, POSTED, again) == {("I4", PAYMENT)}
    assert violated("payments", POSTED) == {("I3", PAYMENT), ("I4", PAYMENT)}
    cancelled = replace(PAID, status="cancelled", is_paid=False)
    assert violated("payments", cancelled, POSTED) == {("I4", PAYMENT)}
    assert violated("payments", replace(cancelled, owed=(PAYMENT,)), POSTED) == set()


def test_a_capture_is_of_the_orders_total_in_its_currency() -> None:
    store(replace(AT_PSP, status=Status.CAPTURED))
    for total in ((TOTAL[0] + 1, TOTAL[1]), (TOTAL[0], "JPY"), None):
        assert violated("payments", replace(PAID, total=total), POSTED) == {("I3", PAYMENT)}


def test_a_capture_has_a_reference_at_the_provider() -> None:
    store(replace(AT_PSP, status=Status.CAPTURED))
    dynamodb.change("payments", f"PAYMENT#{PAYMENT}", "PAYMENT", psp_reference="")
    assert violated("payments", PAID, POSTED) == {("I3", PAYMENT)}


def test_an_order_has_one_live_capture() -> None:
    store(replace(AT_PSP, status=Status.CAPTURED))
    store(replace(AT_PSP, payment_id=OTHER, status=Status.CAPTURED))
    posted = (POSTED, CapturePosted(OTHER, transaction_id="txn_2"))
    assert violated("payments", PAID, *posted) == {("I3", ORDER), ("I4", OTHER)}
    assert violated("payments", replace(PAID, owed=(OTHER,)), *posted) == set()


def test_what_was_not_captured_is_not_posted() -> None:
    store(replace(AT_PSP, status=Status.FAILED))
    assert violated("payments", PAID, POSTED) == {("I4", PAYMENT)}


@pytest.mark.parametrize("status", [Status.AUTHORIZED, Status.REQUIRES_ACTION, Status.UNKNOWN])
def test_nothing_is_held_at_the_provider_for_an_order_that_is_final(status: Status) -> None:
    store(replace(AT_PSP, status=status))
    assert violated("payments", PAID) == {("I5", PAYMENT)}
    assert violated("payments", replace(PAID, is_final=False, is_paid=False)) == set()


def test_a_refund_was_owed_and_is_posted_once() -> None:
    store(replace(AT_PSP, status=Status.CAPTURED, refunded_at=AT))
    owed = replace(PAID, status="cancelled", is_paid=False, owed=(PAYMENT,))
    once, again = (RefundPosted(PAYMENT, transaction_id=f"txn_{n}") for n in (2, 3))
    assert violated("payments", owed, POSTED, once) == set()
    for posted in ((), (once, again)):
        assert violated("payments", owed, POSTED, *posted) == {("I4", PAYMENT)}
    assert violated("payments", PAID, POSTED, once) == {("I4", PAYMENT)}


def test_what_has_not_gone_back_is_posted_as_no_refund() -> None:
    store(replace(AT_PSP, status=Status.CAPTURED))
    assert violated("payments", PAID, POSTED, RefundPosted(PAYMENT, transaction_id="txn_2")) == {
        ("I4", PAYMENT)
    }


def test_a_payment_for_an_order_of_nobody_is_told_to_nobody() -> None:
    store(make_payment(status=Status.FAILED, problem_code="not_found"))
    assert not [fact for fact in stated("payments") if isinstance(fact, EventExpected)]
