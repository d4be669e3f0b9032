"""Consumers and the recovery job: batches, partial failures, one bad order among good."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.consumers import on_inventory_expired, on_payment
from orders.repository.orders import OrderRepository
from orders.schedules import recover_orders
from shop import clock
from tests.support import dynamodb
from tests.support.checkout import FakeCheckout
from tests.support.envelopes import envelope, message
from tests.support.lambda_context import FakeContext
from tests.unit.orders.fakes import NOW, ORDER_ID, PAYMENT, Keep, pending

MISSING = "ord_use1_0000000000000000000000000z"


def batch(type_: str, *order_ids: str) -> dict[str, Any]:
    return {
        "Records": [
            message(order_id, envelope(type_, {"order_id": order_id, "payment_id": PAYMENT}))
            for order_id in order_ids
        ]
    }


@pytest.mark.parametrize(
    ("function", "type_", "status"),
    [
        (on_payment, "payment.captured", "paid"),
        (on_inventory_expired, "inventory.expired", "cancelled"),
    ],
)
def test_a_bad_message_fails_alone(
    orders: OrderRepository, keep: Keep, function: Any, type_: str, status: str
) -> None:
    keep(pending())
    result = function.handler(batch(type_, MISSING, ORDER_ID), FakeContext())
    assert result == {"batchItemFailures": [{"itemIdentifier": MISSING}]}
    record = orders.get(ORDER_ID)
    assert record is not None
    assert record.order.status == status
    assert function.handler(batch(type_, ORDER_ID), FakeContext()) == {"batchItemFailures": []}
    assert len(dynamodb.outbox("orders")) == 1


def test_no_other_event_of_a_payment_changes_an_order(orders: OrderRepository, keep: Keep) -> None:
    keep(pending())
    before = orders.get(ORDER_ID)
    failed = on_payment.handler(batch("payment.authorized", ORDER_ID), FakeContext())
    assert failed == {"batchItemFailures": [{"itemIdentifier": ORDER_ID}]}
    assert orders.get(ORDER_ID) == before


def test_the_recovery_job_starts_what_is_due_and_survives_a_bad_one(
    orders: OrderRepository, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        order_id = f"ord_use1_0000000000000000000000000{n}"
        keep(replace(pending(), order_id=order_id), place=False)

    def throttled_once(data: dict[str, Any]) -> None:
        if data["order"]["order_id"].endswith("1"):
            raise RuntimeError("throttled")

    machine = FakeCheckout(act=throttled_once)
    monkeypatch.setattr(recover_orders, "checkout", machine)
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=61))
    assert recover_orders.handler({}, FakeContext()) == {"order": 2, "failed": 1}
    assert [data["mode"] for data in machine.inputs] == ["order"] * 3
    assert recover_orders.handler({}, FakeContext()) == {}, "all were put off"
