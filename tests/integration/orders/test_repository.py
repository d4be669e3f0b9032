"""What only the table can show of orders: lists, and that no address can be read in it."""

from dataclasses import replace
from datetime import timedelta

from orders.domain import order as domain
from orders.repository.orders import OrderRepository
from orders.service.change_order import change
from orders.service.seal_details import OrderDetails, open_details
from tests.integration.orders.conftest import ADDRESS
from tests.support import dynamodb
from tests.unit.orders.fakes import (
    CUSTOMER,
    NOW,
    ORDER_ID,
    PAYMENT,
    TRACE,
    FakePersonalData,
    Keep,
    pending,
)


def test_an_order_that_has_ended_is_in_no_index_of_what_is_due(
    orders: OrderRepository, keep: Keep
) -> None:
    placed = keep(pending())
    orders.save(change(placed, domain.paid(placed, PAYMENT, now=NOW), trace=TRACE))
    [row] = [row for row in dynamodb.rows("orders") if row["sk"] == "ORDER"]
    assert not {"next_attempt_at", "due_shard", "abandon_at"} & set(row)


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


def test_an_address_is_sealed_for_its_order_and_stays_so_through_every_change(
    orders: OrderRepository, keep: Keep
) -> None:
    before = keep(pending())
    orders.save(change(before, domain.paid(before, PAYMENT, now=NOW), trace=TRACE))
    [row] = [row for row in dynamodb.rows("orders") if row["sk"] == "ORDER"]
    assert "Test Street" not in str(row)
    record = orders.get(ORDER_ID)
    assert record is not None
    details = open_details(record, FakePersonalData())
    assert isinstance(details, OrderDetails)
    assert (details.shipping_address, details.payment_method) == (ADDRESS, "pm_card_visa")
