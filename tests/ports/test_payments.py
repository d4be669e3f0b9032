"""`payments.service.ports.Payments`, in memory and on DynamoDB."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments import events
from payments.domain.payment import Payment, Status
from payments.repository.payments import PaymentRepository
from payments.service.ports import Payments
from shop import clock, ids
from shop.events import Event
from shop.idempotency import StoredResponse
from shop.payer_details import PayerDetails
from tests.support.ports import opened, told
from tests.unit.payments.fakes import AT, NOW, PAYMENT, TRACE, FakePayments, make_payment

PORT = Payments
AT_PSP = make_payment(psp_reference="pi_1", attempt_id="att_1")


def event_of(payment: Payment) -> Event:
    found = events.status_reached(payment, now=NOW, trace=TRACE)
    assert found is not None
    return found


@pytest.fixture(params=[FakePayments, PaymentRepository])
def payments(request: pytest.FixtureRequest) -> Payments:
    made: Payments = opened(request, "payments")
    return made


def test_a_payment_comes_back_as_it_was_stored(payments: Payments) -> None:
    full = make_payment(
        PayerDetails("pm_card_visa", "https://shop.example/back"),
        status=Status.REQUIRES_ACTION,
        psp_reference="pi_1",
        attempt_id="att_1",
        next_action="use_stripe_sdk",
        decline_code="d",
        problem_code="p",
        captured_at=AT,
        refunded_at=AT,
        answer=StoredResponse(202, "{}"),
        fingerprint="f",
        lease_owner="me",
        lease_until=AT,
    )
    assert payments.insert(full)
    assert payments.get(PAYMENT) == full


def test_a_payment_is_inserted_once(payments: Payments) -> None:
    assert payments.insert(make_payment())
    assert not payments.insert(make_payment())
    ended = make_payment(status=Status.FAILED, problem_code="payment_method_invalid")
    assert not payments.insert(ended, event_of(ended))
    assert told(payments, "payments") == []


def test_beginning_keeps_what_the_request_stored(payments: Payments) -> None:
    asked = make_payment(amount=None, fingerprint="f", lease_owner="me", lease_until=AT)
    payments.insert(asked)
    row = payments.begin(replace(AT_PSP, personal=b"another", created_at="2030"))
    assert row is not None
    assert (row.personal, row.created_at, row.fingerprint) == (asked.personal, AT, "f")
    assert (row.psp_reference, row.amount, row.version) == ("pi_1", AT_PSP.amount, 2)
    assert row == payments.get(PAYMENT)


def test_beginning_lets_go_of_what_is_personal_if_nothing_of_it_is_needed(
    payments: Payments,
) -> None:
    payments.insert(make_payment())
    row = payments.begin(replace(AT_PSP, personal=None))
    assert row is not None
    assert row.personal is None
    assert row == payments.get(PAYMENT)


def test_beginning_makes_the_row_of_a_checkout(payments: Payments) -> None:
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
def test_a_payment_begins_once_and_for_its_own_order(payments: Payments, stored: Payment) -> None:
    payments.insert(stored)
    assert payments.begin(replace(AT_PSP, psp_reference="pi_2")) is None
    assert payments.get(PAYMENT) == stored


def test_a_change_and_its_event_are_stored_together(payments: Payments) -> None:
    payments.insert(AT_PSP)
    after = replace(AT_PSP, status=Status.AUTHORIZED, next_attempt_at=None, version=2)
    assert payments.save(AT_PSP, after, event_of(after)) is None
    assert payments.get(PAYMENT) == after
    (event,) = told(payments, "payments")
    assert (event["type"], event["sequence"]) == ("payment.authorized", 2)


def test_the_second_writer_gets_the_stored_row_and_leaves_no_event(
    payments: Payments,
) -> None:
    payments.insert(AT_PSP)
    first = replace(AT_PSP, status=Status.VOIDED, version=2)
    payments.save(AT_PSP, first, event_of(first))
    second = replace(AT_PSP, status=Status.AUTHORIZED, version=2)
    assert payments.save(AT_PSP, second, event_of(second)) == first
    assert [event["type"] for event in told(payments, "payments")] == ["payment.voided"]


def test_a_lease_is_taken_over_by_one(payments: Payments) -> None:
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


def test_an_answered_payment_is_not_taken_over(payments: Payments) -> None:
    stored = make_payment(lease_owner="a", lease_until=AT, answer=StoredResponse(201, "first"))
    payments.insert(stored)
    assert not payments.take_over(stored, owner="b", until=AT)


def test_taking_over_never_watches_what_was_completed_meanwhile(
    payments: Payments,
) -> None:
    stored = replace(AT_PSP, lease_owner="a", lease_until=AT)
    held = replace(
        stored, status=Status.AUTHORIZED, capture_method="manual", next_attempt_at=None, version=2
    )
    payments.insert(stored)
    payments.save(stored, held, event_of(held))
    assert payments.take_over(stored, owner="b", until=AT)
    assert list(payments.due(NOW + timedelta(days=1))) == []


def test_an_authorization_is_completed_with_its_first_answer(payments: Payments) -> None:
    held = replace(AT_PSP, status=Status.AUTHORIZED, capture_method="manual")
    payments.insert(held)
    assert payments.complete_authorization(PAYMENT, StoredResponse(201, "first"))
    assert payments.complete_authorization(PAYMENT, StoredResponse(202, "second"))
    row = payments.get(PAYMENT)
    assert row == replace(
        held, answer=StoredResponse(201, "first"), next_attempt_at=None, version=3
    )
    assert list(payments.due(NOW + timedelta(days=1))) == []


@pytest.mark.parametrize("status", [Status.VOIDED, Status.CAPTURED, Status.REQUIRES_ACTION])
def test_only_held_money_is_completed(payments: Payments, status: Status) -> None:
    stored = replace(AT_PSP, status=status)
    payments.insert(stored)
    assert not payments.complete_authorization(PAYMENT, StoredResponse(201, "first"))
    assert payments.get(PAYMENT) == stored


def test_due_payments_are_found_until_they_are_final(payments: Payments) -> None:
    payments.insert(AT_PSP)
    later = NOW + timedelta(seconds=60)
    assert list(payments.due(NOW)) == []
    assert list(payments.due(later)) == [AT_PSP]

    assert payments.postpone(AT_PSP, next_attempt_at=clock.rfc3339(NOW + timedelta(minutes=5)))
    assert not payments.postpone(AT_PSP, next_attempt_at=AT)
    assert list(payments.due(later)) == []

    row = payments.get(PAYMENT)
    assert row is not None
    payments.save(row, replace(row, status=Status.CAPTURED, next_attempt_at=None, version=2), None)
    assert list(payments.due(NOW + timedelta(days=1))) == []


def test_what_is_due_comes_with_the_longest_due_first(payments: Payments) -> None:
    order = [3, 1, 2, 0]
    for minutes in order:
        id_ = ids.derive("pay", str(minutes), region="use1")
        next_attempt_at = clock.rfc3339(NOW + timedelta(minutes=minutes))
        payments.insert(make_payment(payment_id=id_, next_attempt_at=next_attempt_at))
    found = [row.next_attempt_at for row in payments.due(NOW + timedelta(minutes=2))]
    assert found == [clock.rfc3339(NOW + timedelta(minutes=minutes)) for minutes in range(3)]


def test_a_payment_that_was_never_stored_has_nothing_to_change(payments: Payments) -> None:
    assert payments.get(PAYMENT) is None
    assert not payments.complete_authorization(PAYMENT, StoredResponse(201, "first"))
    assert not payments.postpone(make_payment(), next_attempt_at=AT)
    assert not payments.take_over(replace(make_payment(), lease_until=AT), owner="b", until=AT)
    payments.release(PAYMENT, owner="b")
    with pytest.raises(LookupError):
        payments.save(make_payment(), make_payment(version=2), None)
    assert payments.get(PAYMENT) is None
