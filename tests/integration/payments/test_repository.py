"""Conditions, versions and events as DynamoDB enforces them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments import events
from payments.domain import Payment, Status
from payments.repository import PaymentRepository
from payments.service import outcomes
from shop import clock
from shop.events import Event
from shop.idempotency import Answer
from tests.integration.payments.conftest import World
from tests.support import dynamodb
from tests.unit.payments.fakes import AT, NOW, PAYMENT, TRACE, make_payment

pytestmark = pytest.mark.usefixtures("world")
AT_PSP = make_payment(psp_reference="pi_1", attempt_id="att_1")


def event_of(payment: Payment) -> Event:
    return events.status_reached(payment, now=NOW, trace=TRACE)


@pytest.fixture
def payments() -> PaymentRepository:
    return PaymentRepository()


def test_a_payment_comes_back_as_it_was_stored(payments: PaymentRepository) -> None:
    full = make_payment(
        status=Status.REQUIRES_ACTION,
        return_url="https://shop.example/back",
        psp_reference="pi_1",
        attempt_id="att_1",
        next_action={"type": "use_stripe_sdk", "client_secret": "s"},
        decline_code="d",
        problem_code="p",
        captured_at=AT,
        answer=Answer(202, "{}"),
        fingerprint="f",
        lease_owner="me",
        lease_until=AT,
    )
    assert payments.insert(full)
    assert payments.get(PAYMENT) == full


def test_a_payment_is_inserted_once(payments: PaymentRepository) -> None:
    assert payments.insert(make_payment())
    assert not payments.insert(make_payment())
    ended = make_payment(status=Status.FAILED, problem_code="payment_method_invalid")
    assert not payments.insert(ended, event_of(ended))
    assert dynamodb.outbox("payments") == []


def test_beginning_keeps_what_the_request_stored(payments: PaymentRepository) -> None:
    payments.insert(make_payment(amount=None, fingerprint="f", lease_owner="me", lease_until=AT))
    row = payments.begin(replace(AT_PSP, payment_method="pm_other", created_at="2030"))
    assert row is not None
    assert (row.payment_method, row.created_at, row.fingerprint) == ("pm_card_visa", AT, "f")
    assert (row.psp_reference, row.amount, row.version) == ("pi_1", AT_PSP.amount, 2)
    assert row == payments.get(PAYMENT)


def test_beginning_makes_the_row_of_a_checkout(payments: PaymentRepository) -> None:
    row = payments.begin(AT_PSP)
    assert row == payments.get(PAYMENT)
    assert row == AT_PSP


@pytest.mark.parametrize(
    "stored",
    [
        AT_PSP,
        make_payment(status=Status.VOIDED),
        make_payment(order_id="another"),
        make_payment(customer_id="another"),
    ],
    ids=["reference", "ended", "order", "customer"],
)
def test_a_payment_begins_once_and_for_its_own_order(
    payments: PaymentRepository, stored: Payment
) -> None:
    payments.insert(stored)
    assert payments.begin(replace(AT_PSP, psp_reference="pi_2")) is None
    assert payments.get(PAYMENT) == stored


def test_a_change_and_its_event_are_stored_together(payments: PaymentRepository) -> None:
    payments.insert(AT_PSP)
    after = replace(AT_PSP, status=Status.AUTHORIZED, due_at=None, version=2)
    assert payments.save(AT_PSP, after, event_of(after)) is None
    assert payments.get(PAYMENT) == after
    (event,) = dynamodb.outbox("payments")
    assert (event["type"], event["sequence"]) == ("payment.authorized", 2)


def test_the_second_writer_gets_the_stored_row_and_leaves_no_event(
    payments: PaymentRepository,
) -> None:
    payments.insert(AT_PSP)
    first = replace(AT_PSP, status=Status.VOIDED, version=2)
    payments.save(AT_PSP, first, event_of(first))
    second = replace(AT_PSP, status=Status.AUTHORIZED, version=2)
    assert payments.save(AT_PSP, second, event_of(second)) == first
    assert [event["type"] for event in dynamodb.outbox("payments")] == ["payment.voided"]


def test_a_lease_is_taken_over_by_one(payments: PaymentRepository) -> None:
    stored = make_payment(lease_owner="crashed", lease_until=AT)
    payments.insert(stored)
    lease = {"until": "2030-01-01T00:00:00.000Z"}
    assert payments.take_over(stored, owner="b", **lease)
    assert not payments.take_over(stored, owner="c", **lease)
    payments.release(PAYMENT, owner="c")
    taken = payments.get(PAYMENT)
    assert taken is not None
    assert taken.lease_owner == "b"

    payments.release(PAYMENT, owner="b")
    free = payments.get(PAYMENT)
    assert free is not None
    assert (free.lease_owner, free.lease_until) == ("", "")
    assert payments.take_over(free, owner="c", **lease)


def test_an_answered_payment_is_not_taken_over(payments: PaymentRepository) -> None:
    stored = make_payment(lease_owner="a", lease_until=AT, answer=Answer(201, "first"))
    payments.insert(stored)
    assert not payments.take_over(stored, owner="b", until=AT)


def test_taking_over_never_watches_what_was_completed_meanwhile(
    payments: PaymentRepository,
) -> None:
    stored = replace(AT_PSP, lease_owner="a", lease_until=AT)
    held = replace(
        stored, status=Status.AUTHORIZED, capture_method="manual", due_at=None, version=2
    )
    payments.insert(stored)
    payments.save(stored, held, event_of(held))
    assert payments.take_over(stored, owner="b", until=AT)
    assert list(payments.due(NOW + timedelta(days=1))) == []


def test_an_authorization_is_completed_with_its_first_answer(payments: PaymentRepository) -> None:
    held = replace(AT_PSP, status=Status.AUTHORIZED, capture_method="manual")
    payments.insert(held)
    assert payments.complete_authorization(PAYMENT, Answer(201, "first"))
    assert payments.complete_authorization(PAYMENT, Answer(202, "second"))
    row = payments.get(PAYMENT)
    assert row == replace(held, answer=Answer(201, "first"), due_at=None, version=3)
    assert list(payments.due(NOW + timedelta(days=1))) == []


@pytest.mark.parametrize("status", [Status.VOIDED, Status.CAPTURED, Status.REQUIRES_ACTION])
def test_only_held_money_is_completed(payments: PaymentRepository, status: Status) -> None:
    stored = replace(AT_PSP, status=status)
    payments.insert(stored)
    assert not payments.complete_authorization(PAYMENT, Answer(201, "first"))
    assert payments.get(PAYMENT) == stored


def test_due_payments_are_found_until_they_are_final(payments: PaymentRepository) -> None:
    payments.insert(AT_PSP)
    later = NOW + timedelta(seconds=60)
    assert list(payments.due(NOW)) == []
    assert list(payments.due(later)) == [AT_PSP]

    assert payments.postpone(AT_PSP, due_at=clock.rfc3339(NOW + timedelta(minutes=5)))
    assert not payments.postpone(AT_PSP, due_at=AT)
    assert list(payments.due(later)) == []

    row = payments.get(PAYMENT)
    assert row is not None
    payments.save(row, replace(row, status=Status.CAPTURED, due_at=None, version=2), None)
    assert list(payments.due(NOW + timedelta(days=1))) == []


def test_only_the_row_holds_the_payment_method(payments: PaymentRepository, world: World) -> None:
    payments.insert(make_payment(payment_method="pm_topsecret"))
    world.step(
        "authorize",
        payment={"payment_id": PAYMENT, "details": None},
        order_id=AT_PSP.order_id,
        customer_id=AT_PSP.customer_id,
        amount=1999,
        currency="EUR",
    )
    row = payments.get(PAYMENT)
    assert row is not None
    world.step("capture", payment=outcomes.to_task(row))
    rows = dynamodb.rows("payments")
    assert [row["pk"] for row in rows if "pm_topsecret" in str(row)] == [f"PAYMENT#{PAYMENT}"]
