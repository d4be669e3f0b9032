"""What orders' rules say of rows as its repository writes them, beside what others state."""

from dataclasses import replace

import pytest

from orders.domain.order import Order, Status
from orders.invariants import Owner
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


DATA = {"order_id": ORDER_ID}


def save(orders: OrderRepository, placed: Order, status: Status, **fields: object) -> None:
    after = replace(placed, status=status, version=placed.version + 1, **fields)  # type: ignore[arg-type]
    assert orders.save(OrderChange(after)) is None


def test_a_pending_order_expects_no_event(keep: Keep) -> None:
    order = keep(pending(), place=False)
    assert [fact for fact in stated("orders") if not isinstance(fact, Owner)] == [
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
    [state, owner, expected] = stated("orders")
    assert owner == Owner(ORDER_ID, placed.customer_id)
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


def test_a_timeline_is_named_for_its_events(orders: OrderRepository, keep: Keep) -> None:
    keep(pending())
    event = {"id": "evt_1", "type": "order.paid", "subject": ORDER_ID, "sequence": 2, "data": DATA}
    orders.record_event(ORDER_ID, {**event, "occurred_at": "2026-11-22T10:00:00.000Z"})
    assert EventHeard(ORDER_ID, "order.paid", 2, "evt_1") in stated("orders")
    assert violated("orders") == set()


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (DATA, False),
        (DATA | {"customer_id": pending().customer_id}, False),
        (DATA | {"customer_id": "usr_use1_00000000000000000000000009"}, True),
        ({"order_id": "ord_use1_00000000000000000000000009"}, True),
    ],
)
def test_a_timeline_holds_what_is_about_its_order_and_its_customer(
    orders: OrderRepository, keep: Keep, data: dict[str, str], wrong: bool
) -> None:
    event = {"id": "evt_1", "type": "payment.failed", "subject": PAYMENT, "sequence": 2}
    event |= {"data": data, "occurred_at": "2026-11-22T10:00:00.000Z"}
    orders.record_event(ORDER_ID, event)
    assert violated("orders") == {("I6", "evt_1")}, "there is no such order"
    keep(pending())
    assert violated("orders") == ({("I6", "evt_1")} if wrong else set())
