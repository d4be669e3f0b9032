"""Rules of orders."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from orders.domain import order as domain
from orders.domain import order_mapper
from orders.domain.order import AwaitingState, Kind, Order, Requester, Status, Totals
from tests.unit.orders.fakes import (
    CUSTOMER,
    HOLD,
    LINES,
    NOW,
    OTHER_PAYMENT,
    PAYMENT,
    TOTALS,
    attached,
    pending,
    placed,
)

LATER = NOW + timedelta(minutes=1)


def paid() -> Order:
    return domain.paid(attached(), PAYMENT, now=LATER)


def cancelled() -> Order:
    return domain.cancelled(attached(), "payment_declined", now=LATER)


def test_every_change_has_its_own_version() -> None:
    versions = [order.version for order in (pending(), placed(), attached(), paid())]
    assert versions == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "totals",
    [Totals(999, 500, 150, 1649), Totals(1000, 500, 150, 1651)],
    ids=["subtotal", "total"],
)
def test_sums_that_are_not_right_are_never_stored(totals: Totals) -> None:
    with pytest.raises(ValueError, match="total"):
        domain.placed(pending(), lines=LINES, totals=totals, reservation=HOLD, now=NOW)


def test_a_line_that_does_not_multiply_is_never_stored() -> None:
    lines = (replace(LINES[0], total=999),)
    with pytest.raises(ValueError, match="line"):
        domain.placed(pending(), lines=lines, totals=TOTALS, reservation=HOLD, now=NOW)


@pytest.mark.parametrize("order", [placed(), paid(), cancelled()])
def test_only_a_pending_order_is_placed_or_rejected(order: Order) -> None:
    with pytest.raises(ValueError, match="not pending"):
        domain.rejected(order, "out_of_stock", now=NOW)
    with pytest.raises(ValueError, match="not pending"):
        domain.placed(order, lines=LINES, totals=TOTALS, reservation=HOLD, now=NOW)


@pytest.mark.parametrize("order", [pending(), paid(), cancelled()])
def test_only_a_placed_order_is_cancelled(order: Order) -> None:
    with pytest.raises(ValueError, match="not placed"):
        domain.cancelled(order, "reservation_expired", now=NOW)


def test_a_final_order_is_looked_at_no_more() -> None:
    rejected = domain.rejected(pending(), "out_of_stock", now=NOW)
    for order in (paid(), cancelled(), rejected):
        assert (order.next_attempt_at, order.abandon_at) == (None, None)


def test_an_unclaimed_order_expires_and_a_claimed_one_does_not() -> None:
    assert domain.may_expire(placed())
    assert not any(map(domain.may_expire, (pending(), attached(), paid(), cancelled())))


@pytest.mark.parametrize(
    ("order", "customer", "payment", "code"),
    [
        (None, CUSTOMER, PAYMENT, "not_found"),
        (pending(), CUSTOMER, PAYMENT, "not_found"),
        (placed(), "usr_use1_0000000000000000000000000z", PAYMENT, "not_found"),
        (attached(), CUSTOMER, OTHER_PAYMENT, "payment_in_progress"),
        (paid(), CUSTOMER, OTHER_PAYMENT, "order_not_payable"),
        (cancelled(), CUSTOMER, PAYMENT, "order_not_payable"),
        (placed(), CUSTOMER, PAYMENT, None),
        (attached(), CUSTOMER, PAYMENT, None),
        (paid(), CUSTOMER, PAYMENT, None),
    ],
)
def test_an_order_belongs_to_its_customer_and_its_first_payment(
    order: Order | None, customer: str, payment: str, code: str | None
) -> None:
    refusal = domain.why_not_payable(order, customer, payment)
    assert (None if refusal is None else refusal.code) == code


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("captured", Status.PAID),
        ("declined", Status.CANCELLED),
        ("voided", Status.CANCELLED),
        ("requires_action", Status.PLACED),
        ("authorized", Status.PLACED),
        ("refused", Status.PLACED),
        ("unknown", Status.PLACED),
    ],
)
def test_the_payments_outcome_settles_the_order(outcome: str, status: Status) -> None:
    assert domain.finalized(attached(), outcome, PAYMENT, "why", now=LATER).status is status


@pytest.mark.parametrize("outcome", ["captured", "declined", "requires_action", "authorized"])
def test_settling_twice_is_settling_once(outcome: str) -> None:
    once = domain.finalized(attached(), outcome, PAYMENT, "why", now=LATER)
    assert domain.finalized(once, outcome, PAYMENT, "why", now=LATER) is once


@pytest.mark.parametrize("outcome", ["declined", "voided", "none", "requires_action"])
def test_a_payment_that_does_not_own_the_order_cannot_end_it(outcome: str) -> None:
    order = attached()
    assert domain.finalized(order, outcome, OTHER_PAYMENT, "why", now=LATER) is order
    assert domain.finalized(order, outcome, None, "why", now=LATER) is order


@pytest.mark.parametrize("order", [cancelled(), paid(), attached()])
def test_money_that_an_order_cannot_keep_stays_visible(order: Order) -> None:
    payment = PAYMENT if order.status is Status.CANCELLED else OTHER_PAYMENT
    owing = domain.finalized(order, "captured", payment, "", now=LATER)
    assert (owing.status, owing.refund_due) == (order.status, (payment,))
    assert owing.next_attempt_at == LATER
    assert domain.finalized(owing, "captured", payment, "", now=LATER) is owing


def test_money_for_an_unclaimed_order_pays_it() -> None:
    order = domain.finalized(placed(), "captured", PAYMENT, "", now=LATER)
    assert (order.status, order.payment_id) == (Status.PAID, PAYMENT)


def test_what_nobody_claimed_is_given_up_when_it_is_overdue_and_not_before() -> None:
    for before, after in ((pending(), Status.REJECTED), (placed(), Status.CANCELLED)):
        assert before.abandon_at is not None
        early = before.abandon_at - timedelta(seconds=1)
        assert domain.finalized(before, "none", None, "abandoned", now=early) is before
        order = domain.finalized(before, "none", None, "abandoned", now=before.abandon_at)
        assert (order.status, order.reason) == (after, "abandoned")


@pytest.mark.parametrize("order", [attached(), paid(), cancelled()])
def test_what_was_claimed_is_never_given_up(order: Order) -> None:
    late = NOW + timedelta(days=30)
    assert domain.finalized(order, "none", None, "abandoned", now=late) is order


def test_the_customer_gets_fifteen_minutes_and_the_shop_six_days() -> None:
    action = domain.waiting(attached(), AwaitingState.CUSTOMER_ACTION, now=NOW)
    capture = domain.waiting(attached(), AwaitingState.CAPTURE, now=NOW)
    assert action.abandon_at == NOW + timedelta(minutes=15)
    assert capture.abandon_at == NOW + timedelta(days=6)


def test_a_payment_under_way_is_stuck_after_five_minutes_and_only_once() -> None:
    late = NOW + timedelta(minutes=5)
    assert not domain.is_stuck(attached(), now=late - timedelta(seconds=1))
    assert domain.is_stuck(attached(), now=late)
    assert not domain.is_stuck(domain.schedule_retry(attached(), now=late), now=late)
    assert not domain.is_stuck(
        domain.waiting(attached(), AwaitingState.CUSTOMER_ACTION, now=NOW), now=late
    )
    assert not domain.is_stuck(placed(), now=late)


def test_the_recovery_job_comes_back_later_and_later_but_always() -> None:
    order, pauses = attached(), []
    for _ in range(12):
        order = domain.schedule_retry(order, now=NOW)
        assert order.next_attempt_at is not None
        pauses.append((order.next_attempt_at - NOW).total_seconds())
    assert pauses[:5] == [60, 120, 240, 480, 960]
    assert set(pauses[5:]) == {960}


def test_looking_after_an_order_does_not_look_like_a_change_to_its_customer() -> None:
    assert domain.schedule_retry(attached(), now=LATER).updated_at == attached().updated_at


JOURNEYS = [
    pending(),
    placed(),
    attached(),
    paid(),
    cancelled(),
    domain.mark_refund_due(paid(), "p", now=NOW),
    domain.refund_made(domain.mark_refund_due(paid(), "p", now=NOW), "p", now=NOW),
    domain.waiting(attached(), AwaitingState.CUSTOMER_ACTION, now=NOW),
    domain.waiting(attached(Kind.CHECKOUT), AwaitingState.CAPTURE, now=NOW),
    domain.request_cancellation(
        domain.waiting(attached(), AwaitingState.CUSTOMER_ACTION, now=NOW), Requester.STAFF, now=NOW
    ),
    domain.schedule_retry(attached(), now=NOW + domain.STUCK_AFTER),
]


def test_each_field_of_an_order_is_set_on_one_of_these_journeys() -> None:
    for field in fields(Order):
        assert any(getattr(order, field.name) not in (None, (), False, 0) for order in JOURNEYS), (
            field.name
        )


@pytest.mark.parametrize("order", JOURNEYS)
def test_an_order_survives_its_journey_as_json(order: Order) -> None:
    assert order_mapper.from_dict(order_mapper.to_dict(order)) == order
