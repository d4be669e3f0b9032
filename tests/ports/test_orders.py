"""`orders.service.ports.Orders`, in memory and on DynamoDB."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from orders.domain import order as domain
from orders.domain.order import AwaitingState, Kind, Order
from orders.repository.orders import OrderRepository
from orders.service.change_order import change
from orders.service.ports import OrderChange, Orders, OriginalRequest, StoredOrder
from shop.idempotency import StoredResponse
from tests.support.ports import opened, told
from tests.unit.orders.fakes import (
    CUSTOMER,
    NOW,
    ORDER_ID,
    OTHER_PAYMENT,
    PAYMENT,
    TRACE,
    FakeOrders,
    Keep,
    kept_in,
    original,
    pending,
)

PORT = Orders


@pytest.fixture(params=[FakeOrders, OrderRepository])
def orders(request: pytest.FixtureRequest) -> Orders:
    made: Orders = opened(request, "orders")
    return made


@pytest.fixture
def keep(orders: Orders) -> Keep:
    return kept_in(orders)


def waits_for_action(order: Order) -> Order:
    attached = domain.payment_attached(order, PAYMENT, now=NOW)
    return replace(
        domain.waiting(attached, AwaitingState.CUSTOMER_ACTION, now=NOW), version=attached.version
    )


def is_to_be_cancelled(order: Order) -> Order:
    return domain.request_cancellation(order, domain.Requester.STAFF, now=NOW)


def is_stuck(order: Order) -> Order:
    attached = domain.payment_attached(order, PAYMENT, now=NOW)
    late = domain.schedule_retry(attached, now=NOW + domain.STUCK_AFTER)
    assert late.stuck
    return replace(late, version=attached.version)


def is_cancelled(order: Order) -> Order:
    return domain.cancelled(order, "expired", now=NOW)


def owes_a_refund(order: Order) -> Order:
    return domain.mark_refund_due(order, OTHER_PAYMENT, now=NOW)


def has_refunded(order: Order) -> Order:
    return replace(owes_a_refund(order), refund_due=(), refunded=(OTHER_PAYMENT,))


LIVES = [
    waits_for_action, is_to_be_cancelled, is_stuck, is_cancelled, owes_a_refund, has_refunded,
]  # fmt: skip


def attach(orders: Orders, payment: str = PAYMENT, customer: str = CUSTOMER) -> object:
    record = orders.attach_payment(ORDER_ID, customer_id=customer, payment_id=payment, now=NOW)
    return None if record is None else record.order


def test_an_order_comes_back_as_it_was_stored(orders: Orders, keep: Keep) -> None:
    placed = keep(pending())
    record = orders.get(ORDER_ID)
    assert record is not None
    assert record.order == placed
    assert record.request == original(owner="", lease_until="")


@pytest.mark.parametrize("kind", [Kind.ORDER, Kind.CHECKOUT])
def test_a_request_has_its_lease_until_it_has_its_answer(
    orders: Orders, keep: Keep, kind: Kind
) -> None:
    """What is answered is never taken over, so its row is not paid for the lease."""
    placed = keep(pending(kind))
    if kind is Kind.CHECKOUT:
        assert leased(orders) == original(lease_until="t0")
        orders.save(
            OrderChange(domain.bump_version(placed), answer=StoredResponse(402, "declined"))
        )
    assert leased(orders) == original(owner="", lease_until="")
    for lease in ("t0", ""):
        assert not orders.take_over(ORDER_ID, lease_until=lease, owner="b", until="t1")
    orders.end_lease(ORDER_ID, "me")
    assert leased(orders) == original(owner="", lease_until="")


def leased(orders: Orders) -> OriginalRequest:
    record = orders.get(ORDER_ID)
    assert record is not None
    return record.request


def test_there_is_one_order_for_a_key(orders: Orders, keep: Keep) -> None:
    keep(pending())
    assert not orders.open(StoredOrder(pending(), None, original()))


def test_claiming_in_one_request_is_the_rule_of_the_domain(orders: Orders, keep: Keep) -> None:
    placed = keep(pending())
    assert attach(orders) == domain.payment_attached(placed, PAYMENT, now=NOW)


def test_an_order_is_claimed_once_and_only_by_its_customer(orders: Orders, keep: Keep) -> None:
    assert attach(orders) is None
    keep(pending(), place=False)
    assert attach(orders) is None
    orders.save(OrderChange(domain.rejected(pending(), "out_of_stock", now=NOW)))
    assert attach(orders) is None


def test_a_stranger_or_a_second_payment_claims_nothing(orders: Orders, keep: Keep) -> None:
    keep(pending())
    assert attach(orders, customer="usr_use1_0000000000000000000000000z") is None
    assert attach(orders) is not None
    assert attach(orders, OTHER_PAYMENT) is None


def test_an_order_that_is_to_be_cancelled_is_claimed_by_nobody(orders: Orders, keep: Keep) -> None:
    wished = domain.request_cancellation(keep(pending()), domain.Requester.CUSTOMER, now=NOW)
    assert orders.save(OrderChange(wished)) is None
    assert attach(orders) is None
    record = orders.get(ORDER_ID)
    assert record is not None
    assert record.order == wished


def test_the_request_whose_wish_was_kept_stays_known(orders: Orders, keep: Keep) -> None:
    wished = domain.request_cancellation(keep(pending()), domain.Requester.CUSTOMER, now=NOW)
    assert orders.save(OrderChange(wished, cancellation_request="key-1")) is None
    cancelled = domain.cancelled(wished, "customer", now=NOW)
    assert orders.save(OrderChange(cancelled)) is None
    record = orders.get(ORDER_ID)
    assert record is not None
    assert (record.order, record.cancellation_request) == (cancelled, "key-1")


def test_state_event_and_answer_are_stored_together(orders: Orders, keep: Keep) -> None:
    before = keep(pending())
    after = domain.paid(before, PAYMENT, now=NOW)
    answer = StoredResponse(201, '{"é":1}')
    assert orders.save(change(before, after, trace=TRACE, answer=answer)) is None
    record = orders.get(ORDER_ID)
    assert record is not None
    assert (record.order, record.answer) == (after, answer)
    [event] = told(orders, "orders")
    assert (event["type"], event["sequence"]) == ("order.paid", after.version)


def test_a_change_from_an_old_version_changes_nothing_and_shows_the_row(
    orders: Orders, keep: Keep
) -> None:
    before = keep(pending())
    paid = domain.paid(before, PAYMENT, now=NOW)
    assert orders.save(change(before, paid, trace=TRACE)) is None
    cancelled = domain.cancelled(before, "late", now=NOW)
    current = orders.save(change(before, cancelled, trace=TRACE))
    assert current is not None
    assert current.order == paid
    assert [event["type"] for event in told(orders, "orders")] == ["order.paid"]


def test_a_change_of_a_row_that_is_not_there_is_a_fault(orders: Orders) -> None:
    with pytest.raises(LookupError):
        orders.save(OrderChange(domain.rejected(pending(), "out_of_stock", now=NOW)))


def test_a_lease_has_one_owner(orders: Orders, keep: Keep) -> None:
    keep(pending(), place=False)
    assert orders.take_over(ORDER_ID, lease_until="t0", owner="a", until="t1")
    assert not orders.take_over(ORDER_ID, lease_until="t0", owner="b", until="t2")
    orders.end_lease(ORDER_ID, "b")
    record = orders.get(ORDER_ID)
    assert record is not None
    assert (record.request.lease_owner, record.request.lease_until) == ("a", "t1")
    orders.end_lease(ORDER_ID, "a")
    assert orders.take_over(ORDER_ID, lease_until="", owner="b", until="t2")


def test_only_unfinished_orders_are_due(orders: Orders, keep: Keep) -> None:
    placed = keep(pending())
    assert list(orders.due(NOW)) == []
    assert list(orders.due(NOW + timedelta(minutes=18))) == [ORDER_ID]
    orders.save(OrderChange(domain.paid(placed, PAYMENT, now=NOW)))
    assert list(orders.due(NOW + timedelta(days=1))) == []


def test_what_is_due_comes_with_the_longest_due_first(orders: Orders, keep: Keep) -> None:
    named = {n: f"ord_use1_0000000000000000000000000{n}" for n in (3, 1, 2, 0)}
    for n, order_id in named.items():
        next_attempt_at = NOW + timedelta(minutes=n)
        keep(replace(pending(), order_id=order_id, next_attempt_at=next_attempt_at), place=False)
    assert list(orders.due(NOW + timedelta(minutes=2))) == [named[0], named[1], named[2]]


@pytest.mark.parametrize("rule", LIVES, ids=lambda rule: rule.__name__)
def test_every_state_of_an_order_comes_back_as_it_was_saved(
    orders: Orders, keep: Keep, rule: Callable[[Order], Order]
) -> None:
    after = rule(keep(pending()))
    assert orders.save(OrderChange(after)) is None
    record = orders.get(ORDER_ID)
    assert record is not None
    assert record.order == after


def test_an_order_that_was_never_stored_has_nothing_to_change(orders: Orders) -> None:
    assert orders.get(ORDER_ID) is None
    assert not orders.take_over(ORDER_ID, lease_until="t0", owner="a", until="t1")
    orders.end_lease(ORDER_ID, "a")
    assert orders.get(ORDER_ID) is None
