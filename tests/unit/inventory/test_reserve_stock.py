"""Hold all lines or none."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pytest

from inventory.domain.allocation import InsufficientStock, Levels, Line
from inventory.domain.reservation import Reservation, Status
from inventory.service import end_reservation, reserve_stock
from inventory.service.reserve_stock import ATTEMPTS, StockContended
from tests.unit.inventory.fakes import NOW, TRACE, FakeStock, lines, order_id, short

EWR, ORD, FRA = "use1-ewr", "use1-ord", "euc1-fra"


def reserve(
    stock: FakeStock,
    wanted: dict[str, int],
    *,
    order: object = 1,
    country: str = "US",
    sleep: Callable[[float], None] = lambda _: None,
) -> Reservation | InsufficientStock:
    result = reserve_stock.reserve(
        order_id(order),
        lines(wanted.items()),
        country=country,
        stock=stock,
        now=NOW,
        trace=TRACE,
        sleep=sleep,
    )
    stock.check()
    return result


def held(stock: FakeStock, wanted: dict[str, int], *, order: object = 1) -> Reservation:
    result = reserve(stock, wanted, order=order)
    assert isinstance(result, Reservation)
    return result


def test_the_usual_order_costs_one_write_and_no_read() -> None:
    stock = FakeStock({("A", EWR): 5, ("B", EWR): 5})
    reservation = held(stock, {"A": 2, "B": 1})
    assert reservation.status is Status.HELD
    assert reservation.lines == (Line("A", EWR, 2), Line("B", EWR, 1))
    assert reservation.held_until == "2026-03-01T12:15:00.000Z"
    assert dict(stock.calls) == {"apply": 1}
    assert stock.event_types() == ["inventory.reserved"]


def test_europe_is_served_from_frankfurt_without_a_look_elsewhere() -> None:
    stock = FakeStock({("A", EWR): 5, ("A", FRA): 5})
    result = reserve(stock, {"A": 1}, country="DE")
    assert isinstance(result, Reservation)
    assert result.lines == (Line("A", FRA, 1),)


def test_when_the_nearest_centre_has_too_little_the_order_is_spread() -> None:
    stock = FakeStock({("A", EWR): 4, ("A", ORD): 3, ("A", FRA): 3})
    assert {line.location: line.quantity for line in held(stock, {"A": 10}).lines} == {
        EWR: 4,
        ORD: 3,
        FRA: 3,
    }
    assert stock.available("A") == 0


def test_what_is_short_holds_nothing_at_all() -> None:
    stock = FakeStock({("A", EWR): 5, ("B", EWR): 1})
    assert reserve(stock, {"A": 1, "B": 2}) == InsufficientStock((short("B", 2, 1),))
    assert stock.available("A") == 5
    assert stock.reservations == {}
    assert stock.events == []


def test_a_sku_that_stands_twice_is_not_oversold() -> None:
    stock = FakeStock({("A", EWR): 3})
    result = reserve_stock.reserve(
        order_id(),
        lines([("A", 2), ("A", 2)]),
        country="US",
        stock=stock,
        now=NOW,
        trace=TRACE,
    )
    assert result == InsufficientStock((short("A", 4, 3),))


def test_an_order_has_one_reservation_however_often_it_asks() -> None:
    stock = FakeStock({("A", EWR): 5})
    assert held(stock, {"A": 2}) == held(stock, {"A": 2})
    assert stock.available("A") == 3
    assert len(stock.events) == 1


def test_a_repeat_finds_its_reservation_when_nothing_else_is_left() -> None:
    stock = FakeStock({("A", EWR): 2})
    assert held(stock, {"A": 2}) == held(stock, {"A": 2})


def test_a_lost_race_is_tried_elsewhere() -> None:
    stock = FakeStock({("A", EWR): 1, ("A", ORD): 1})
    stock.before_apply = [lambda: _steal(stock, "A", EWR)]
    assert held(stock, {"A": 1}).lines == (Line("A", ORD, 1),)


def test_a_race_lost_again_is_tried_again_until_the_stock_is_short() -> None:
    stock = FakeStock({("A", EWR): 1, ("A", ORD): 1, ("A", FRA): 1})
    stock.before_apply = [partial(_steal, stock, "A", place) for place in (EWR, ORD, FRA)]
    pauses: list[float] = []
    assert reserve(stock, {"A": 1}, sleep=pauses.append) == InsufficientStock((short("A", 1, 0),))
    assert stock.calls["apply"] == 3
    assert pauses[0] == 0
    assert all(0 <= pause <= 0.2 for pause in pauses)


class SeeSaw(FakeStock):
    """One unit, that is there whenever one looks and gone whenever one takes it."""

    def levels(self, skus: Sequence[str], *, consistent: bool) -> Levels:
        assert consistent, "only a consistent read may say that there is nothing"
        _give(self, "A", EWR)
        return super().levels(skus, consistent=consistent)


def test_contention_without_end_is_a_fault_not_out_of_stock() -> None:
    stock = SeeSaw({("A", EWR): 1})
    stock.before_apply = [partial(_steal, stock, "A", EWR)] * ATTEMPTS
    with pytest.raises(StockContended):
        reserve(stock, {"A": 1})
    assert stock.calls["apply"] == ATTEMPTS


def test_an_expired_reservation_is_held_anew_under_its_id() -> None:
    stock = FakeStock({("A", EWR): 2})
    first = held(stock, {"A": 2})
    assert end_reservation.expire(first, stock=stock, now=NOW, trace=TRACE)
    second = held(stock, {"A": 2})
    assert (second.reservation_id, second.status) == (first.reservation_id, Status.HELD)
    assert second.sequence == 3
    assert stock.event_types() == [
        "inventory.reserved",
        "inventory.expired",
        "inventory.reserved",
    ]


def test_an_expired_reservation_whose_stock_is_gone_is_out_of_stock() -> None:
    stock = FakeStock({("A", EWR): 2})
    end_reservation.expire(held(stock, {"A": 2}), stock=stock, now=NOW, trace=TRACE)
    held(stock, {"A": 1}, order=2)
    assert reserve(stock, {"A": 2}) == InsufficientStock((short("A", 2, 1),))


def test_a_released_order_holds_nothing_any_more() -> None:
    stock = FakeStock({("A", EWR): 2})
    end_reservation.release(order_id(), stock=stock, now=NOW, trace=TRACE)
    assert held(stock, {"A": 2}).status is Status.RELEASED
    assert stock.available("A") == 2


def test_a_committed_order_is_told_so() -> None:
    stock = FakeStock({("A", EWR): 2})
    held(stock, {"A": 2})
    end_reservation.commit(order_id(), stock=stock, now=NOW, trace=TRACE)
    assert held(stock, {"A": 2}).status is Status.COMMITTED


def test_the_largest_order_fits_one_transaction() -> None:
    skus = [f"S{n:03d}" for n in range(98)]
    stock = FakeStock({(sku, EWR): 1 for sku in skus})
    assert len(held(stock, dict.fromkeys(skus, 1)).lines) == 98
    assert stock.largest == 100


def test_a_larger_order_is_refused_not_failed() -> None:
    skus = [f"S{n:03d}" for n in range(100)]
    stock = FakeStock({(sku, EWR): 1 for sku in skus})
    result = reserve(stock, dict.fromkeys(skus, 1))
    assert isinstance(result, InsufficientStock)
    assert len(result.lines) == 2


def _steal(stock: FakeStock, sku: str, location: str) -> None:
    """Somebody else takes one; the fake's other bookkeeping does not matter here."""
    _add(stock, sku, location, -1)


def _give(stock: FakeStock, sku: str, location: str) -> None:
    _add(stock, sku, location, 1)


def _add(stock: FakeStock, sku: str, location: str, units: int) -> None:
    key = f"first {sku} {location}"
    _, _, movement = stock.movements[key]
    if stock.rows[sku, location]["available"] + units not in (0, 1):
        return
    stock.rows[sku, location]["available"] += units
    stock.rows[sku, location]["on_hand"] += units
    changed = replace(movement, quantity=movement.quantity + units)
    stock.movements[key] = (sku, location, changed)
