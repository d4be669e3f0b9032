"""The sweeper: what was held for too long comes back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from inventory.domain.reservation import Status, id_of
from inventory.repository.stock import StockRepository
from inventory.schedules import sweep_expired
from inventory.service import end_reservation
from shop import clock
from tests.support import dynamodb
from tests.support.interceptor import Interceptor, Request
from tests.support.lambda_context import FakeContext

from .conftest import Stocked
from .test_steps import EWR, order_id, reserve, step, stock_rows


def sweep(*, minutes: int = 16) -> dict[str, int]:
    """Sweep as if it were so much later."""
    later = clock.now() + timedelta(minutes=minutes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        return sweep_expired.handler({}, FakeContext())


def test_what_is_not_overdue_stays(stocked: Stocked, capsys: pytest.CaptureFixture[str]) -> None:
    stocked(A={EWR: 5})
    reserve({"A": 1})
    capsys.readouterr()
    assert sweep(minutes=14) == {"expired": 0, "ended_otherwise": 0, "failed": 0}
    assert "_aws" not in capsys.readouterr().out, "a metric costs by the month it is written in"


def test_what_is_overdue_comes_back_with_an_event(
    stocked: Stocked, interceptor: Interceptor
) -> None:
    stocked(A={EWR: 9})
    for order in range(5):
        reserve({"A": 1}, order=order)
    interceptor.reset()
    assert sweep() == {"expired": 5, "ended_otherwise": 0, "failed": 0}
    assert [r.operation for r in interceptor.requests].count("TransactWriteItems") == 5
    assert len(interceptor.requests) == 9  # and a query per shard
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


def test_one_that_fails_does_not_keep_the_others(
    stocked: Stocked, interceptor: Interceptor
) -> None:
    stocked(A={EWR: 9})
    for order in range(4):
        reserve({"A": 1}, order=order)
    failed: list[Request] = []

    def fail_once(request: Request, when: str) -> None:
        if request.operation == "TransactWriteItems" and when == "before" and not failed:
            failed.append(request)
            raise ConnectionAbortedError

    interceptor.intercept = fail_once
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


def _crash_in(interceptor: Interceptor, name: str, *, after: int) -> None:
    """A step that dies when it has made so many writes."""
    made: list[Request] = []

    def die(request: Request, when: str) -> None:
        if request.operation == "TransactWriteItems" and when == "before":
            if len(made) == after:
                raise ConnectionAbortedError
            made.append(request)

    interceptor.intercept = die
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever botocore makes of it)
        step(name)
    interceptor.intercept = lambda request, when: None


def _hold_again(_wire: Interceptor) -> None:
    assert sweep()["expired"] == 1
    reserve(THREE)


def _restock_in_pieces(interceptor: Interceptor) -> None:
    step("commit")
    _crash_in(interceptor, "release", after=2)


THREE = {"A": 1, "B": 1, "C": 1}
MEANWHILE: dict[str, tuple[Callable[[Interceptor], object], Status]] = {
    "sold": (lambda _: step("commit"), Status.COMMITTED),
    "released": (lambda _: step("release"), Status.RELEASED),
    "expired": (lambda _: sweep(), Status.EXPIRED),
    "expired and held again": (_hold_again, Status.HELD),
    "sold in part": (
        lambda interceptor: _crash_in(interceptor, "commit", after=2),
        Status.COMMITTING,
    ),
    "restocked in part": (_restock_in_pieces, Status.RESTOCKING),
}


@pytest.mark.parametrize(("act", "status"), MEANWHILE.values(), ids=MEANWHILE)
def test_what_became_of_a_hold_is_not_undone_by_a_sweep_that_read_it_before(
    stocked: Stocked,
    interceptor: Interceptor,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[Interceptor], object],
    status: Status,
) -> None:
    """Another order holds the same SKUs, so the stock rows alone would refuse nothing."""
    monkeypatch.setattr(end_reservation, "PAIRS_WITH_MOVEMENT", 2)
    stock = stocked(**{sku: {EWR: 9} for sku in THREE})
    reserve(THREE)
    held = stock.find(id_of(order_id()))
    later = clock.now() + timedelta(minutes=15)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        reserve(dict.fromkeys(THREE, 5), order=2)
    act(interceptor)
    monkeypatch.setattr(StockRepository, "overdue", lambda self, now: [held])
    before = sorted(map(str, dynamodb.rows("inventory")))
    found = stock.find(id_of(order_id()))
    assert found is not None
    assert found.status is status
    assert sweep() == {"expired": 0, "ended_otherwise": 1, "failed": 0}
    assert sorted(map(str, dynamodb.rows("inventory"))) == before


def test_many_that_are_refused_and_one_that_cannot_be_read_hold_up_nobody(
    stocked: Stocked, capsys: pytest.CaptureFixture[str]
) -> None:
    stocked(A={EWR: 200}, B={EWR: 9})
    for order in range(100):
        reserve({"A": 1}, order=order)
    reserve({"B": 1}, order=100)
    reserve({"B": 1}, order=101)
    dynamodb.change("inventory", "SKU#A", f"LOC#{EWR}", reserved=0)
    broken = f"RSV#{id_of(order_id(100))}"
    dynamodb.change("inventory", broken, "RSV", lines="?")
    assert sweep() == {"expired": 1, "ended_otherwise": 0, "failed": 100}
    assert "ReservationUnreadable" in capsys.readouterr().out
    # What is put right comes back with the next try.
    dynamodb.change("inventory", "SKU#A", f"LOC#{EWR}", reserved=100)
    assert sweep(minutes=76)["expired"] == 100
    assert stock_rows() == {("A", EWR): (200, 0, 200), ("B", EWR): (8, 1, 9)}
