"""The sweeper: what was held for too long comes back."""

from datetime import timedelta

import pytest

from inventory.repository import StockRepository
from inventory.schedules import sweep_expired
from shop import clock
from tests.support import dynamodb
from tests.support.lambda_context import FakeContext
from tests.support.wire import Request, Wire

from .conftest import Stocked
from .test_steps import EWR, order_id, reserve, step, stock_rows


def sweep(*, minutes: int = 16) -> dict[str, int]:
    """Sweep as if it were so much later."""
    later = clock.now() + timedelta(minutes=minutes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        return sweep_expired.handler({}, FakeContext())


def test_what_is_not_overdue_stays(stocked: Stocked) -> None:
    stocked(A={EWR: 5})
    reserve({"A": 1})
    assert sweep(minutes=14) == {"expired": 0, "ended_otherwise": 0, "failed": 0}


def test_what_is_overdue_comes_back_with_an_event(stocked: Stocked, wire: Wire) -> None:
    stocked(A={EWR: 9})
    for order in range(5):
        reserve({"A": 1}, order=order)
    wire.reset()
    assert sweep() == {"expired": 5, "ended_otherwise": 0, "failed": 0}
    assert [r.operation for r in wire.requests].count("TransactWriteItems") == 5
    assert len(wire.requests) == 9  # and a query per shard
    assert stock_rows() == {("A", EWR): (9, 0, 9)}
    expired = [e for e in dynamodb.outbox("inventory") if e["type"] == "inventory.expired"]
    assert {event["data"]["order_id"] for event in expired} == {order_id(n) for n in range(5)}
    assert sweep()["expired"] == 0


def test_a_commit_that_comes_first_wins(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked(A={EWR: 5})
    reserve({"A": 2})
    overdue = StockRepository.overdue
    sold: list[str] = []

    def then_sold(self: StockRepository, *args: object, **kwargs: object) -> object:
        found = list(overdue(self, *args, **kwargs))  # type: ignore[arg-type]
        if found and not sold:
            sold.append(step("commit"))
        return found

    monkeypatch.setattr(StockRepository, "overdue", then_sold)
    assert sweep() == {"expired": 0, "ended_otherwise": 1, "failed": 0}
    assert stock_rows() == {("A", EWR): (3, 0, 3)}


def test_a_commit_that_comes_late_reserves_anew(stocked: Stocked) -> None:
    stocked(A={EWR: 5})
    first = reserve({"A": 2})["reservation"]
    sweep()
    assert step("commit") == "expired"
    second = reserve({"A": 2})["reservation"]
    assert second["reservation_id"] == first["reservation_id"]
    assert step("commit") == "committed"
    assert stock_rows() == {("A", EWR): (3, 0, 3)}


def test_one_that_fails_does_not_keep_the_others(stocked: Stocked, wire: Wire) -> None:
    stocked(A={EWR: 9})
    for order in range(4):
        reserve({"A": 1}, order=order)
    failed: list[Request] = []

    def fail_once(request: Request, when: str) -> None:
        if request.operation == "TransactWriteItems" and when == "before" and not failed:
            failed.append(request)
            raise ConnectionAbortedError

    wire.intercept = fail_once
    assert sweep() == {"expired": 3, "ended_otherwise": 0, "failed": 1}
    assert sweep()["expired"] == 1
    assert stock_rows() == {("A", EWR): (9, 0, 9)}


def test_one_that_its_stock_refuses_is_counted_and_put_off(stocked: Stocked) -> None:
    stocked(A={EWR: 9}, B={EWR: 9})
    reserve({"A": 1})
    reserve({"B": 1}, order=2)
    dynamodb.change("inventory", "SKU#A", f"LOC#{EWR}", reserved=0)
    assert sweep() == {"expired": 1, "ended_otherwise": 0, "failed": 1}
    assert sweep() == {"expired": 0, "ended_otherwise": 0, "failed": 0}, "not due for a while"
    assert sweep(minutes=20)["failed"] == 1, "and never forgotten"


def test_a_sweep_goes_on_until_nothing_is_left(stocked: Stocked) -> None:
    stocked(A={EWR: 500})
    for order in range(150):
        reserve({"A": 1}, order=order)
    assert sweep()["expired"] == 150
    assert stock_rows() == {("A", EWR): (500, 0, 500)}
