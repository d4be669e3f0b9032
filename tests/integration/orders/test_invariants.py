"""What orders' rules say of rows as its repository writes them, beside what others state."""

from dataclasses import replace

import pytest

from orders.domain.order import Order, Status
from orders.repository.orders import OrderRepository
from orders.service.ports import OrderChange
from shop.facts import EventExpected, EventHeard, OrderState, PaymentState, ReservationState
from tests.support.invariants import stated, violated
from tests.unit.orders.fakes import ORDER_ID, OTHER_PAYMENT, PAYMENT, TOTALS, Keep, pending

CAPTURED = PaymentState(
    PAYMENT,
    order_id=ORDER_ID,
    status="captured",
    is_captured=True,
    is_authorized=False,
    amount=(TOTALS.total, "USD"),
)
SOLD = ReservationState(
    ORDER_ID, reservation_id="rsv_1", status="committed", is_held=False, is_sold=True
)


def save(orders: OrderRepository, placed: Order, status: Status, **fields: object) -> None:
    after = replace(placed, status=status, version=placed.version + 1, **fields)  # type: ignore[arg-type]
    assert orders.save(OrderChange(after)) is None


def test_a_pending_order_expects_no_event(keep: Keep) -> None:
    order = keep(pending(), place=False)
    assert stated("orders") == [
        OrderState(
            ORDER_ID,
            status="pending",
            is_paid=False,
            is_final=False,
            payment_id=None,
            owed=(),
            total=None,
        )
    ]
    assert order.status is Status.PENDING


@pytest.mark.parametrize("status", [each for each in Status if each is not Status.PENDING])
def test_what_became_of_an_order_was_told(
    orders: OrderRepository, keep: Keep, status: Status
) -> None:
    placed = keep(pending())
    if status is not Status.PLACED:
        save(orders, placed, status)
    [state, expected] = stated("orders")
    assert isinstance(state, OrderState)
    assert expected == EventExpected(ORDER_ID, f"order.{status}")
    assert state.is_final == (status is not Status.PLACED)
    assert state.is_paid == (status is Status.PAID)
    assert state.total == (TOTALS.total, placed.currency)


def test_a_paid_order_is_captured_and_sold(orders: OrderRepository, keep: Keep) -> None:
    save(orders, keep(pending()), Status.PAID, payment_id=PAYMENT)
    assert violated("orders", CAPTURED, SOLD) == set()
    assert violated("orders", SOLD) == {("I4", ORDER_ID)}
    assert violated("orders", replace(CAPTURED, is_captured=False), SOLD) == {("I4", ORDER_ID)}
    assert violated("orders", CAPTURED) == {("I5", ORDER_ID)}
    assert violated("orders", CAPTURED, replace(SOLD, is_sold=False)) == {("I5", ORDER_ID)}


def test_what_is_owed_back_is_stated(orders: OrderRepository, keep: Keep) -> None:
    save(orders, keep(pending()), Status.CANCELLED, refund_due=(OTHER_PAYMENT,))
    [state] = [fact for fact in stated("orders") if isinstance(fact, OrderState)]
    assert state.owed == (OTHER_PAYMENT,)


def test_a_timeline_is_named_for_its_events(orders: OrderRepository) -> None:
    event = {"id": "evt_1", "type": "order.paid", "subject": ORDER_ID, "sequence": 2}
    orders.record_event(ORDER_ID, {**event, "occurred_at": "2026-11-22T10:00:00.000Z"})
    assert EventHeard(ORDER_ID, "order.paid", 2, "evt_1") in stated("orders")
    assert violated("orders") == set()
