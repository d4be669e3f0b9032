"""Events of other services, and the recovery job."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from orders.domain import order as domain
from orders.domain.order import AwaitingState, Kind, Order, Status
from orders.service import recover_order
from orders.service.ports import StoredOrder
from shop.idempotency import StoredResponse
from tests.support.checkout import FakeCheckout
from tests.unit.orders.fakes import (
    NOW,
    ORDER_ID,
    OTHER_PAYMENT,
    PAYMENT,
    TRACE,
    FakeOrders,
    FakePersonalData,
    attached,
    original,
    pending,
    placed,
    sealed,
)

LATER = NOW + timedelta(minutes=2)
LATE = NOW + timedelta(minutes=16)


def orders_with(order: Order) -> FakeOrders:
    asked = original(personal=sealed(order, {"name": "Ada"}))
    return FakeOrders(StoredOrder(order, None, asked))


def captured(orders: FakeOrders, payment_id: str = PAYMENT) -> str:
    return recover_order.payment_captured(
        ORDER_ID, payment_id, orders=orders, trace=TRACE, causation_id="evt_1", now=LATER
    )


def expired(orders: FakeOrders) -> str:
    return recover_order.reservation_expired(
        ORDER_ID, orders=orders, trace=TRACE, causation_id="evt_1", now=LATER
    )


def retry_stalled(
    orders: FakeOrders, now: datetime, *, erased: bool = False
) -> tuple[str, list[dict[str, Any]], list[str]]:
    machine = FakeCheckout()
    reports: list[str] = []
    word = recover_order.retry_stalled(
        ORDER_ID,
        orders=orders,
        personal=lambda: FakePersonalData(erased=erased),
        checkout=machine,
        report=lambda name, _order: reports.append(name),
        now=now,
    )
    return word, machine.inputs, reports


@pytest.mark.parametrize("order", [placed(), attached()])
def test_a_capture_pays_the_order_once(order: Order) -> None:
    orders = orders_with(order)
    assert [captured(orders), captured(orders)] == ["paid", "already"]
    [event] = orders.events
    assert (event["type"], event["causation_id"]) == ("order.paid", "evt_1")


def test_a_capture_for_a_closed_order_is_reported_and_asked_back_until_it_has_gone() -> None:
    orders = orders_with(domain.cancelled(placed(), "reservation_expired", now=NOW))
    assert [captured(orders), captured(orders)] == ["refund_due", "already"]
    [event] = orders.events
    assert event["data"]["reason"] == "captured_after_close"
    for minute in range(5, 60, 20):
        now = NOW + timedelta(minutes=minute)
        assert retry_stalled(orders, now) == ("refund_due", [], ["CapturedAfterClose"])
    asked = [(event["type"], event["data"]) for event in orders.events]
    assert asked == [(event["type"], event["data"])] * 4
    refunded(orders)
    assert retry_stalled(orders, NOW + timedelta(hours=9)) == ("left", [], [])
    assert len(orders.events) == 4


def test_what_is_due_back_for_several_payments_is_asked_for_in_turn() -> None:
    orders = orders_with(domain.cancelled(placed(), "reservation_expired", now=NOW))
    captured(orders)
    captured(orders, OTHER_PAYMENT)
    for hour in range(2):
        retry_stalled(orders, NOW + timedelta(hours=hour + 1))
    assert {event["data"]["payment_id"] for event in orders.events[2:]} == {PAYMENT, OTHER_PAYMENT}


def test_a_second_payment_that_took_money_is_reported() -> None:
    orders = orders_with(attached())
    captured(orders)
    assert captured(orders, OTHER_PAYMENT) == "refund_due"
    assert orders.rows[ORDER_ID].order.payment_id == PAYMENT


def refunded(orders: FakeOrders, payment_id: str = PAYMENT) -> str:
    return recover_order.payment_refunded(
        ORDER_ID, payment_id, orders=orders, trace=TRACE, causation_id="evt_2", now=LATER
    )


def test_what_has_gone_back_is_due_no_more() -> None:
    orders = orders_with(domain.cancelled(placed(), "reservation_expired", now=NOW))
    assert refunded(orders) == "ignored", "nothing was due"
    captured(orders)
    captured(orders, OTHER_PAYMENT)
    assert [refunded(orders), refunded(orders)] == ["refunded", "ignored"]
    order = orders.rows[ORDER_ID].order
    assert (order.refund_due, order.refunded) == ((OTHER_PAYMENT,), (PAYMENT,))
    assert order.next_attempt_at is not None, "another one is due"
    assert captured(orders) == "already", "it is not due again"
    assert refunded(orders, OTHER_PAYMENT) == "refunded"
    order = orders.rows[ORDER_ID].order
    assert (order.refund_due, order.next_attempt_at) == ((), None)


def test_an_order_that_is_open_is_looked_after_again() -> None:
    orders = orders_with(attached())
    captured(orders, OTHER_PAYMENT)
    refunded(orders, OTHER_PAYMENT)
    order = orders.rows[ORDER_ID].order
    assert order.next_attempt_at is not None
    assert order.abandon_at is not None


@pytest.mark.parametrize("orders", [FakeOrders(), orders_with(pending())])
def test_a_capture_that_cannot_be_is_not_swallowed(orders: FakeOrders) -> None:
    with pytest.raises(LookupError):
        captured(orders)


def test_an_expired_hold_cancels_an_order_that_nobody_pays() -> None:
    orders = orders_with(placed())
    assert [expired(orders), expired(orders)] == ["cancelled", "ignored"]
    [event] = orders.events
    assert event["data"] == {"order_id": ORDER_ID, "reason": "reservation_expired"}


@pytest.mark.parametrize(
    "order", [pending(), attached(), domain.paid(attached(), PAYMENT, now=NOW)]
)
def test_an_expired_hold_leaves_other_orders_alone(order: Order) -> None:
    assert expired(orders_with(order)) == "ignored"


def test_a_checkout_that_expires_still_owes_an_answer_and_gives_it() -> None:
    orders = orders_with(placed(Kind.CHECKOUT))
    expired(orders)
    answer = orders.rows[ORDER_ID].answer
    assert answer is not None
    assert answer.status == 409


@pytest.mark.parametrize(
    ("order", "mode"),
    [
        (pending(), "order"),
        (pending(Kind.CHECKOUT), "checkout"),
        (placed(Kind.CHECKOUT), "checkout"),
        (attached(), "payment"),
    ],
)
def test_the_recovery_job_resumes_with_what_is_left_to_do(order: Order, mode: str) -> None:
    word, started, _ = retry_stalled(orders_with(order), LATER)
    assert word == mode
    assert started[0]["mode"] == mode


@pytest.mark.parametrize(
    ("order", "payment"),
    [(pending(), None), (placed(), None), (attached(), {"payment_id": PAYMENT, "details": None})],
)
def test_the_recovery_job_undoes_what_had_its_time(
    order: Order, payment: dict[str, Any] | None
) -> None:
    word, started, _ = retry_stalled(orders_with(order), NOW + timedelta(minutes=19))
    assert (word, started[0]["payment"]) == ("abandon", payment)


def test_the_recovery_job_does_not_start_the_same_order_twice_at_once() -> None:
    orders = orders_with(attached())
    assert retry_stalled(orders, LATER)[0] == "payment"
    assert retry_stalled(orders, LATER)[0] == "left"


class StaleOrders(FakeOrders):
    """Someone changes the order right after it was read."""

    def get(self, order_id: str) -> StoredOrder | None:
        record = super().get(order_id)
        assert record is not None
        self.rows[order_id] = StoredOrder(domain.bump_version(record.order), None, record.original)
        return record


def test_the_recovery_job_starts_nothing_if_someone_else_was_faster() -> None:
    orders = StaleOrders(StoredOrder(attached(), None, original()))
    assert retry_stalled(orders, LATER) == ("left", [], [])


def test_the_recovery_job_leaves_waiting_and_final_orders_alone() -> None:
    waits = domain.waiting(attached(), AwaitingState.CUSTOMER_ACTION, now=NOW)
    paid = domain.paid(attached(), PAYMENT, now=NOW)
    for order in (waits, paid):
        assert retry_stalled(orders_with(order), LATER)[0] == "left"


def test_a_slow_payment_becomes_an_event_and_a_metric() -> None:
    orders = orders_with(attached())
    _, _, reports = retry_stalled(orders, NOW + timedelta(minutes=6))
    assert reports == ["CheckoutStuck"]
    assert [event["data"]["reason"] for event in orders.events] == ["slow"]
    _, _, reports = retry_stalled(orders, LATE)
    assert reports == ["CheckoutStuck"], "the metric goes on, the event does not"
    assert len(orders.events) == 1


def test_an_abandoned_order_keeps_its_answer() -> None:
    answer = StoredResponse(201, "first")
    orders = FakeOrders(StoredOrder(placed(), answer, original()))
    expired(orders)
    assert orders.rows[ORDER_ID].answer == answer
    assert orders.rows[ORDER_ID].order.status is Status.CANCELLED


def test_a_checkout_of_somebody_erased_is_left_until_its_time_is_over_and_undone_then() -> None:
    for now, word, modes in ((LATER, "left", []), (LATE, "abandon", ["abandon"])):
        orders = orders_with(pending(Kind.CHECKOUT))
        found, started, _ = retry_stalled(orders, now, erased=True)
        assert (found, [data["mode"] for data in started]) == (word, modes)
    plain = orders_with(pending())
    assert retry_stalled(plain, LATER, erased=True)[0] == "order", "it needs nothing personal"
