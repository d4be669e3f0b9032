"""Cancelling on request: the wish, what it stops, and what is told."""

from datetime import timedelta
from typing import Any

import pytest

from orders import domain
from orders.domain import Kind, Order, Requester, Status, Waiting
from orders.records import Record
from orders.service import cancelling, steps, upkeep
from shop.machine import CheckoutIncomplete
from shop.problems import Problem
from tests.unit.orders.fakes import (
    CUSTOMER,
    NOW,
    ORDER_ID,
    OTHER_PAYMENT,
    PAYMENT,
    TRACE,
    FakeOrders,
    claimed,
    intake,
    pending,
    placed,
)

LATER = NOW + timedelta(minutes=1)
UNDO = {"code": "order_closed", "reason": "abandoned", "detail": "late"}


def wished(order: Order) -> Order:
    return domain.cancel_wanted(order, Requester.CUSTOMER, now=NOW)


def kept(order: Order) -> FakeOrders:
    return FakeOrders(Record(order, None, intake()))


class Machine:
    """The checkout machine as a cancellation sees it: it ends the order, or dies."""

    def __init__(self, orders: FakeOrders, outcome: str = "voided") -> None:
        self.orders, self.outcome = orders, outcome
        self.inputs: list[dict[str, Any]] = []

    def __call__(self, data: dict[str, Any]) -> dict[str, Any]:
        self.inputs.append(data)
        if self.outcome == "dies":
            raise CheckoutIncomplete("TIMED_OUT")
        payment = data["payment"]
        claimed = {"outcome": "none", "payment_id": None}
        if payment is not None:
            claimed = {"outcome": "cancelling", "payment_id": payment["payment_id"]}
        result = {"outcome": "none" if payment is None else self.outcome}
        step = {"order_id": ORDER_ID, "claimed": claimed, "payment_result": result, "undo": UNDO}
        return steps.settle(step, orders=self.orders, trace=TRACE, now=NOW)


def cancel(orders: FakeOrders, run: Machine, by: Requester = Requester.CUSTOMER) -> Any:
    record = orders.get(ORDER_ID)
    assert record is not None
    return cancelling.cancel(record, by, orders=orders, run=run, now=NOW)


@pytest.mark.parametrize(("order", "payment"), [(placed(), None), (claimed(), PAYMENT)])
def test_the_wish_is_kept_before_the_machine_starts(order: Order, payment: str | None) -> None:
    orders = kept(order)
    result = cancel(orders, Machine(orders, "dies"))
    assert isinstance(result, Problem)
    assert (result.type.code, result.headers["Retry-After"]) == ("checkout_incomplete", "1")
    stored = orders.rows[ORDER_ID].order
    assert (stored.status, stored.cancel_for) == (Status.PLACED, Requester.CUSTOMER)
    assert stored.due_at == NOW + domain.LOOK_AFTER
    assert orders.events == []

    started: list[dict[str, Any]] = []
    word = upkeep.look_after(
        ORDER_ID,
        orders=orders,
        start=started.append,
        report=lambda *_: None,
        now=NOW + domain.LOOK_AFTER,
    )
    assert word == "abandon"
    assert started[0]["payment"] == (None if payment is None else {"payment_id": payment})


@pytest.mark.parametrize("order", [placed(), claimed(), claimed(Kind.CHECKOUT)])
def test_a_cancelled_order_says_who_wished_it(order: Order) -> None:
    orders = kept(order)
    result = cancel(orders, machine := Machine(orders), by=Requester.STAFF)
    assert (result.status, result.reason, result.cancel_for) == (Status.CANCELLED, "staff", None)
    assert machine.inputs[0]["mode"] == "abandon"
    assert [event["data"]["reason"] for event in orders.events] == ["staff"]
    again = cancel(orders, machine)
    assert again == result
    assert len(machine.inputs) == 1


def test_money_that_was_taken_first_keeps_the_order() -> None:
    orders = kept(claimed())
    result = cancel(orders, Machine(orders, "captured"))
    assert isinstance(result, Problem)
    assert result.type.code == "order_not_cancellable"
    assert orders.rows[ORDER_ID].order.status is Status.PAID
    assert orders.rows[ORDER_ID].order.cancel_for is None


@pytest.mark.parametrize(
    "order",
    [
        domain.paid(claimed(), PAYMENT, now=NOW),
        domain.cancelled(claimed(), "payment_declined", now=NOW),
        domain.rejected(pending(), "out_of_stock", now=NOW),
    ],
    ids=lambda order: str(order.status),
)
def test_what_has_ended_is_not_touched(order: Order) -> None:
    orders = kept(order)
    result = cancel(orders, machine := Machine(orders))
    assert isinstance(result, Problem)
    assert result.type.code == "order_not_cancellable"
    assert (orders.rows[ORDER_ID].order, machine.inputs, orders.writes) == (order, [], 0)


def test_a_wish_that_lost_to_a_payment_voids_that_payment() -> None:
    """The order was claimed between the read and the write of the wish."""
    orders = kept(claimed())
    read = Record(placed(), None, intake())
    machine = Machine(orders)
    result = cancelling.cancel(read, Requester.CUSTOMER, orders=orders, run=machine, now=NOW)
    assert machine.inputs[0]["payment"] == {"payment_id": PAYMENT}
    assert isinstance(result, Order)
    assert result.status is Status.CANCELLED


def test_an_order_with_a_wish_cannot_be_claimed() -> None:
    refusal = domain.claim_refusal(wished(placed()), CUSTOMER, PAYMENT)
    assert refusal is not None
    assert refusal.code == "order_not_payable"


@pytest.mark.parametrize(
    ("payment_id", "outcome"), [(PAYMENT, "cancelling"), (OTHER_PAYMENT, "refused")]
)
def test_its_own_payment_is_told_to_undo_and_another_is_refused(
    payment_id: str, outcome: str
) -> None:
    data = {"order_id": ORDER_ID, "customer_id": CUSTOMER, "payment_id": payment_id}
    assert steps.claim(data, orders=kept(wished(claimed())), now=LATER)["outcome"] == outcome


def test_the_first_wish_stands() -> None:
    order = wished(placed())
    assert domain.cancel_wanted(order, Requester.STAFF, now=LATER) is order


def test_an_order_with_a_wish_waits_for_nobody() -> None:
    order = wished(claimed())
    assert domain.settled(order, "requires_action", PAYMENT, "", now=LATER) is order
    waits = wished(domain.waiting(claimed(), Waiting.ACTION, now=NOW))
    assert waits.due_at == NOW + domain.LOOK_AFTER


def test_a_hold_that_ends_meanwhile_changes_no_reason() -> None:
    orders = kept(wished(placed()))
    word = upkeep.hold_expired(ORDER_ID, orders=orders, trace=TRACE, causation_id="", now=LATER)
    assert (word, orders.rows[ORDER_ID].order.reason) == ("cancelled", "customer")


def test_an_order_that_was_given_up_on_request_is_given_up_once() -> None:
    order = domain.given_up(wished(placed()), "abandoned", now=NOW)
    assert (order.status, order.reason) == (Status.CANCELLED, "customer")
    assert domain.given_up(order, "abandoned", now=LATER) is order
