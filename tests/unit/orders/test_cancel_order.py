"""Cancelling on request: the wish, what it stops, and what is told."""

from datetime import timedelta
from typing import Any

import pytest

from orders.domain import order as domain
from orders.domain.order import AwaitingState, Kind, Order, Requester, Status
from orders.service import cancel_order, recover_order
from orders.service.attach_payment import attach_payment
from orders.service.finalize_order import finalize_order
from orders.service.ports import StoredOrder
from shop.checkout import (
    AbandonInput,
    AttachPaymentOutcome,
    AttachPaymentTask,
    Captured,
    CheckoutResult,
    ExecutionFailed,
    ExecutionInput,
    FinalizeTask,
    FinalPayment,
    NoPayment,
    NotAttached,
    Undo,
    Voided,
)
from shop.idempotency import StoredResponse
from shop.problems import Problem
from tests.support.checkout import FakeCheckout
from tests.unit.orders.fakes import (
    CUSTOMER,
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
)

LATER = NOW + timedelta(minutes=1)
UNDO = Undo(code="order_closed", reason="abandoned", detail="late")
ANSWER = StoredResponse(200, "of payments")
PAYMENTS: dict[str, FinalPayment] = {
    "voided": Voided(answer=ANSWER),
    "captured": Captured(answer=ANSWER, payment={}, capture_method="automatic"),
}


def wished(order: Order) -> Order:
    return domain.request_cancellation(order, Requester.CUSTOMER, now=NOW)


def kept(order: Order) -> FakeOrders:
    return FakeOrders(StoredOrder(order, None, original()))


class Machine(FakeCheckout):
    """The checkout machine as a cancellation sees it: it ends the order, or dies."""

    def __init__(self, orders: FakeOrders, outcome: str = "voided") -> None:
        super().__init__()
        self.orders, self.outcome = orders, outcome

    def run(self, data: ExecutionInput, *, timeout_s: float) -> CheckoutResult:
        assert isinstance(data, AbandonInput)
        self.start(data)
        if self.outcome == "dies":
            raise ExecutionFailed("TIMED_OUT")
        given = FinalizeTask(
            order_id=ORDER_ID,
            attached=NotAttached() if data.payment is None else self._attached(),
            payment=NoPayment() if data.payment is None else PAYMENTS[self.outcome],
            undo=UNDO,
            trace=TRACE,
        )
        finalize_order(given, orders=self.orders, now=NOW)
        return CheckoutResult(outcome="abandoned", answer=None)

    def _attached(self) -> AttachPaymentOutcome:
        names = {"order_id": ORDER_ID, "customer_id": CUSTOMER, "payment_id": PAYMENT}
        return attach_payment(AttachPaymentTask(**names, trace=TRACE), orders=self.orders, now=NOW)


def cancel(
    orders: FakeOrders,
    machine: Machine,
    by: Requester = Requester.CUSTOMER,
    read: StoredOrder | None = None,
) -> Any:
    record = read or orders.get(ORDER_ID)
    assert record is not None
    return cancel_order.cancel(
        record,
        by,
        request="key-1",
        orders=orders,
        checkout=machine,
        timeout_s=9,
        now=NOW,
    )


@pytest.mark.parametrize(("order", "payment"), [(placed(), None), (attached(), PAYMENT)])
def test_the_wish_is_kept_before_the_machine_starts(order: Order, payment: str | None) -> None:
    orders = kept(order)
    result = cancel(orders, Machine(orders, "dies"))
    assert isinstance(result, Problem)
    assert (result.type.code, result.headers["Retry-After"]) == ("checkout_incomplete", "1")
    stored = orders.rows[ORDER_ID].order
    assert (stored.status, stored.cancellation_requested_by) == (Status.PLACED, Requester.CUSTOMER)
    assert stored.next_attempt_at == NOW + domain.RECOVER_AFTER
    assert orders.events == []

    machine = FakeCheckout()
    word = recover_order.retry_stalled(
        ORDER_ID,
        orders=orders,
        personal=FakePersonalData,
        checkout=machine,
        report=lambda *_: None,
        now=NOW + domain.RECOVER_AFTER,
    )
    assert word == "abandon"
    wanted = None if payment is None else {"payment_id": payment, "details": None}
    assert machine.inputs[0]["payment"] == wanted


@pytest.mark.parametrize("order", [placed(), attached(), attached(Kind.CHECKOUT)])
def test_a_cancelled_order_says_who_wished_it(order: Order) -> None:
    orders = kept(order)
    result = cancel(orders, machine := Machine(orders), by=Requester.STAFF)
    assert (result.status, result.reason, result.cancellation_requested_by) == (
        Status.CANCELLED,
        "staff",
        None,
    )
    assert machine.inputs[0]["mode"] == "abandon"
    assert [event["data"]["reason"] for event in orders.events] == ["staff"]
    again = cancel(orders, machine)
    assert again == result
    assert len(machine.inputs) == 1


def test_only_the_request_whose_wish_was_kept_is_a_repeat() -> None:
    orders = kept(placed())
    assert not cancel_order.is_repeated(orders.rows[ORDER_ID], "key-1")
    cancel(orders, Machine(orders, "dies"))
    assert not cancel_order.is_repeated(orders.rows[ORDER_ID], "key-1"), "it has no answer yet"
    cancel(orders, Machine(orders))
    assert cancel_order.is_repeated(orders.rows[ORDER_ID], "key-1")
    assert not cancel_order.is_repeated(orders.rows[ORDER_ID], "key-2")


def test_money_that_was_taken_first_keeps_the_order() -> None:
    orders = kept(attached())
    result = cancel(orders, Machine(orders, "captured"))
    assert isinstance(result, Problem)
    assert result.type.code == "order_not_cancellable"
    assert orders.rows[ORDER_ID].order.status is Status.PAID
    assert orders.rows[ORDER_ID].order.cancellation_requested_by is None


@pytest.mark.parametrize(
    "order",
    [
        domain.paid(attached(), PAYMENT, now=NOW),
        domain.cancelled(attached(), "payment_declined", now=NOW),
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
    """A payment got the order between the read and the write of the wish."""
    orders = kept(attached())
    read = StoredOrder(placed(), None, original())
    machine = Machine(orders)
    result = cancel(orders, machine, read=read)
    assert machine.inputs[0]["payment"] == {"payment_id": PAYMENT, "details": None}
    assert isinstance(result, Order)
    assert result.status is Status.CANCELLED


def test_an_order_with_a_wish_goes_to_no_payment() -> None:
    refusal = domain.why_not_payable(wished(placed()), CUSTOMER, PAYMENT)
    assert refusal is not None
    assert refusal.code == "order_not_payable"


@pytest.mark.parametrize(
    ("payment_id", "outcome"), [(PAYMENT, "cancelling"), (OTHER_PAYMENT, "not_payable")]
)
def test_its_own_payment_is_told_to_undo_and_another_is_refused(
    payment_id: str, outcome: str
) -> None:
    task = AttachPaymentTask(
        order_id=ORDER_ID, customer_id=CUSTOMER, payment_id=payment_id, trace=TRACE
    )
    assert attach_payment(task, orders=kept(wished(attached())), now=LATER).outcome == outcome


def test_the_first_wish_stands() -> None:
    order = wished(placed())
    assert domain.request_cancellation(order, Requester.STAFF, now=LATER) is order


def test_an_order_with_a_wish_waits_for_nobody() -> None:
    order = wished(attached())
    assert domain.finalized(order, "requires_action", PAYMENT, "", now=LATER) is order
    waits = wished(domain.waiting(attached(), AwaitingState.CUSTOMER_ACTION, now=NOW))
    assert waits.next_attempt_at == NOW + domain.RECOVER_AFTER


def test_a_hold_that_ends_meanwhile_changes_no_reason() -> None:
    orders = kept(wished(placed()))
    word = recover_order.reservation_expired(
        ORDER_ID, orders=orders, trace=TRACE, causation_id="", now=LATER
    )
    assert (word, orders.rows[ORDER_ID].order.reason) == ("cancelled", "customer")


def test_an_order_that_was_given_up_on_request_is_given_up_once() -> None:
    order = domain.abandon(wished(placed()), "abandoned", now=NOW)
    assert (order.status, order.reason) == (Status.CANCELLED, "customer")
    assert domain.abandon(order, "abandoned", now=LATER) is order
