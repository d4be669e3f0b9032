"""Conditions, indexes and the mapping of orders on DynamoDB."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orders import domain
from orders.domain import Kind
from orders.records import OrderChange, OriginalRequest, StoredOrder
from orders.repository import OrderRepository
from orders.service.changes import change
from shop.idempotency import Answer
from tests.integration.orders.conftest import ADDRESS, Keep
from tests.support import dynamodb
from tests.unit.orders.fakes import (
    CUSTOMER,
    NOW,
    ORDER_ID,
    OTHER_PAYMENT,
    PAYMENT,
    TRACE,
    original,
    pending,
)


def attach(orders: OrderRepository, payment: str = PAYMENT, customer: str = CUSTOMER) -> object:
    record = orders.attach_payment(ORDER_ID, customer_id=customer, payment_id=payment, now=NOW)
    return None if record is None else record.order


def test_an_order_comes_back_as_it_was_stored(orders: OrderRepository, keep: Keep) -> None:
    placed = keep(pending())
    record = orders.get(ORDER_ID)
    assert record is not None
    assert record.order == placed
    assert record.request == original(owner="", lease_until="")
    assert orders.get_with_address(ORDER_ID) == (placed, ADDRESS)


@pytest.mark.parametrize("kind", [Kind.ORDER, Kind.CHECKOUT])
def test_a_request_has_its_lease_until_it_has_its_answer(
    orders: OrderRepository, keep: Keep, kind: Kind
) -> None:
    """What is answered is never taken over, so its row is not paid for the lease."""
    placed = keep(pending(kind))
    if kind is Kind.CHECKOUT:
        assert leased(orders) == original(lease_until="t0")
        orders.save(OrderChange(domain.noted(placed), answer=Answer(402, "declined")))
    assert leased(orders) == original(owner="", lease_until="")
    assert not orders.take_over(ORDER_ID, lease_until="t0", owner="b", until="t1")
    orders.end_lease(ORDER_ID, "me")
    assert leased(orders) == original(owner="", lease_until="")


def leased(orders: OrderRepository) -> OriginalRequest:
    record = orders.get(ORDER_ID)
    assert record is not None
    return record.request


def test_there_is_one_order_for_a_key(orders: OrderRepository, keep: Keep) -> None:
    keep(pending())
    assert not orders.open(StoredOrder(pending(), None, original()), ADDRESS)


def test_claiming_in_one_request_is_the_rule_of_the_domain(
    orders: OrderRepository, keep: Keep
) -> None:
    placed = keep(pending())
    assert attach(orders) == domain.payment_attached(placed, PAYMENT, now=NOW)


def test_an_order_is_claimed_once_and_only_by_its_customer(
    orders: OrderRepository, keep: Keep
) -> None:
    assert attach(orders) is None
    keep(pending(), place=False)
    assert attach(orders) is None
    orders.save(OrderChange(domain.rejected(pending(), "out_of_stock", now=NOW)))
    assert attach(orders) is None


def test_a_stranger_or_a_second_payment_claims_nothing(orders: OrderRepository, keep: Keep) -> None:
    keep(pending())
    assert attach(orders, customer="usr_use1_0000000000000000000000000z") is None
    assert attach(orders) is not None
    assert attach(orders, OTHER_PAYMENT) is None


def test_an_order_that_is_to_be_cancelled_is_claimed_by_nobody(
    orders: OrderRepository, keep: Keep
) -> None:
    wished = domain.cancel_wanted(keep(pending()), domain.Requester.CUSTOMER, now=NOW)
    assert orders.save(OrderChange(wished)) is None
    assert attach(orders) is None
    record = orders.get(ORDER_ID)
    assert record is not None
    assert record.order == wished


def test_state_event_and_answer_are_stored_together(orders: OrderRepository, keep: Keep) -> None:
    before = keep(pending())
    after = domain.paid(before, PAYMENT, now=NOW)
    answer = Answer(201, '{"é":1}')
    assert orders.save(change(before, after, trace=TRACE, answer=answer)) is None
    record = orders.get(ORDER_ID)
    assert record is not None
    assert (record.order, record.answer) == (after, answer)
    [event] = dynamodb.outbox("orders")
    assert (event["type"], event["sequence"]) == ("order.paid", after.version)


def test_a_change_from_an_old_version_changes_nothing_and_shows_the_row(
    orders: OrderRepository, keep: Keep
) -> None:
    before = keep(pending())
    paid = domain.paid(before, PAYMENT, now=NOW)
    assert orders.save(change(before, paid, trace=TRACE)) is None
    cancelled = domain.cancelled(before, "late", now=NOW)
    current = orders.save(change(before, cancelled, trace=TRACE))
    assert current is not None
    assert current.order == paid
    assert [event["type"] for event in dynamodb.outbox("orders")] == ["order.paid"]


def test_a_change_of_a_row_that_is_not_there_is_a_fault(orders: OrderRepository) -> None:
    with pytest.raises(LookupError):
        orders.save(OrderChange(domain.rejected(pending(), "out_of_stock", now=NOW)))


def test_a_lease_has_one_owner(orders: OrderRepository, keep: Keep) -> None:
    keep(pending(), place=False)
    assert orders.take_over(ORDER_ID, lease_until="t0", owner="a", until="t1")
    assert not orders.take_over(ORDER_ID, lease_until="t0", owner="b", until="t2")
    orders.end_lease(ORDER_ID, "b")
    record = orders.get(ORDER_ID)
    assert record is not None
    assert (record.request.lease_owner, record.request.lease_until) == ("a", "t1")
    orders.end_lease(ORDER_ID, "a")
    assert orders.take_over(ORDER_ID, lease_until="", owner="b", until="t2")


def test_only_unfinished_orders_are_due(orders: OrderRepository, keep: Keep) -> None:
    placed = keep(pending())
    assert list(orders.due(NOW)) == []
    assert list(orders.due(NOW + timedelta(minutes=18))) == [ORDER_ID]
    orders.save(OrderChange(domain.paid(placed, PAYMENT, now=NOW)))
    assert list(orders.due(NOW + timedelta(days=1))) == []
    [row] = [row for row in dynamodb.rows("orders") if row["sk"] == "ORDER"]
    assert not {"due_at", "due_shard", "deadline"} & set(row)


def test_a_customers_list_has_placed_orders_newest_first(
    orders: OrderRepository, keep: Keep
) -> None:
    for n in range(5):
        order_id = f"ord_use1_0000000000000000000000000{n}"
        at = NOW + timedelta(minutes=n)
        keep(replace(pending(), order_id=order_id, created_at=at), place=n != 2)
    first, cursor = orders.of_customer(CUSTOMER, limit=3, before=None)
    rest, end = orders.of_customer(CUSTOMER, limit=3, before=cursor)
    assert [order.order_id[-1] for order in (*first, *rest)] == ["4", "3", "1", "0"]
    assert end is None
    assert orders.of_customer("usr_other", limit=3, before=cursor) == ([], None)


def test_an_address_is_in_the_orders_row_and_nowhere_else(
    orders: OrderRepository, keep: Keep
) -> None:
    before = keep(pending())
    paid = domain.paid(before, PAYMENT, now=NOW)
    orders.save(change(before, paid, trace=TRACE))
    for row in dynamodb.rows("orders"):
        assert ("Test Street" in str(row)) == (row["sk"] == "ORDER")
