"""`inventory.service.ports.Stock`, in memory and on DynamoDB."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from inventory.domain import reservation
from inventory.domain.allocation import Line
from inventory.domain.reservation import (
    HOLD,
    Change,
    ConditionFailed,
    Reservation,
    Status,
    Transition,
)
from inventory.events import event_of
from inventory.repository.stock import StockRepository
from inventory.service.ports import Inconsistent, Stock
from shop import clock
from tests.support.ports import opened, told
from tests.unit.inventory.fakes import NOW, TRACE, FakeStock, order_id

PORT = Stock
EWR, FRA = "use1-ewr", "euc1-fra"
LATER = NOW + HOLD
PLAN = (Line("A", EWR, 2), Line("B", EWR, 1))


@pytest.fixture(params=[FakeStock, StockRepository])
def stock(request: pytest.FixtureRequest) -> Stock:
    """Nine units of two SKUs; one of them in a second place, too."""
    made: Stock = opened(request, "inventory")
    for sku, place in (("A", EWR), ("A", FRA), ("B", EWR)):
        assert made.move([received(sku, place, 9)])
    return made


def received(sku: str, place: str, units: int, *, movement: str = "first") -> Change:
    id_ = f"{movement} {sku} {place}"
    return reservation.receipt(sku, place, units, movement_id=id_, now=NOW, reason="receipt")


def apply(stock: Stock, transition: Transition) -> ConditionFailed | None:
    return stock.apply(transition, event_of(transition, TRACE))


def hold(stock: Stock, order: object = 1, plan: Sequence[Line] = PLAN) -> Reservation:
    transition = reservation.hold(order_id(order), tuple(plan), previous=None, now=NOW)
    assert apply(stock, transition) is None
    return transition.new


def available(stock: Stock) -> dict[str, int]:
    found = stock.levels(["A", "B", "NONE"], consistent=True)
    return {sku: sum(places.values()) for sku, places in found.items()}


def types(stock: Stock) -> list[str]:
    return [event["type"] for event in told(stock, "inventory")]


def test_levels_are_by_place_and_what_has_no_row_is_left_out(stock: Stock) -> None:
    assert stock.levels(["A", "NONE"], consistent=True) == {"A": {EWR: 9, FRA: 9}}
    assert stock.levels([], consistent=False) == {}


def test_a_reservation_comes_back_as_it_was_stored_with_its_event(stock: Stock) -> None:
    held = hold(stock)
    assert stock.find(held.reservation_id) == held
    assert stock.find("rsv_nobody") is None
    assert available(stock) == {"A": 16, "B": 8}
    assert types(stock) == ["inventory.reserved"]


def test_all_of_a_transition_is_refused_if_one_row_has_too_little(stock: Stock) -> None:
    plan = (Line("A", EWR, 1), Line("B", EWR, 10))
    transition = reservation.hold(order_id(), plan, previous=None, now=NOW)
    assert apply(stock, transition) == ConditionFailed(None)
    assert stock.find(transition.new.reservation_id) is None
    assert (available(stock), types(stock)) == ({"A": 18, "B": 9}, [])


def test_what_is_stored_already_refuses_a_first_one_and_is_shown(stock: Stock) -> None:
    held = hold(stock)
    again = reservation.hold(order_id(), PLAN, previous=None, now=LATER)
    assert apply(stock, again) == ConditionFailed(held)
    assert available(stock) == {"A": 16, "B": 8}


def _pass(stock: Stock, held: Reservation) -> Reservation:
    """As between the pieces of a sale: another status, the same sequence."""
    passing = replace(held, status=Status.COMMITTING)
    assert stock.apply(Transition(held, passing, ()), None) is None
    return passing


def _renew(stock: Stock, held: Reservation) -> Reservation:
    """Expired and held again: the same status, another sequence."""
    expired = reservation.expire(held, now=LATER)
    assert apply(stock, expired) is None
    renewed = reservation.hold(order_id(), PLAN, previous=expired.new, now=LATER)
    assert apply(stock, renewed) is None
    return renewed.new


def _end(stock: Stock, held: Reservation) -> Reservation:
    released = reservation.release(held, now=LATER)
    assert apply(stock, released) is None
    return released.new


@pytest.mark.parametrize("meanwhile", [_pass, _renew, _end])
@pytest.mark.parametrize("then", [reservation.expire, reservation.release, reservation.commit])
def test_a_transition_from_a_state_that_is_over_changes_nothing_and_shows_what_is(
    stock: Stock,
    meanwhile: Callable[[Stock, Reservation], Reservation],
    then: Callable[..., Transition],
) -> None:
    """Another order holds the same SKUs: the rows themselves have enough for both."""
    hold(stock, order=2)
    now = meanwhile(stock, held := hold(stock))
    before = (available(stock), types(stock))
    assert apply(stock, then(held, now=LATER)) == ConditionFailed(now)
    assert stock.find(held.reservation_id) == now
    assert (available(stock), types(stock)) == before


def test_units_move_once_per_movement(stock: Stock) -> None:
    more = [received("A", EWR, 5, movement="more"), received("B", EWR, 1, movement="more")]
    assert stock.move(more)
    assert not stock.move(more)
    assert not stock.move([more[1], received("A", FRA, 7, movement="new")])
    assert available(stock) == {"A": 23, "B": 10}


def test_units_that_are_not_there_are_a_fault_and_nothing_moves(stock: Stock) -> None:
    sale = reservation.commit(hold(stock, plan=[Line("A", EWR, 9)]), now=NOW).changes
    tenth = replace(sale[0], reserved=-10, on_hand=-10)
    with pytest.raises(Inconsistent):
        stock.move([received("B", EWR, 1, movement="more"), tenth])
    assert available(stock) == {"A": 9, "B": 9}
    assert stock.move(sale), "the movement was not booked"


def test_what_is_overdue_is_what_is_held_the_longest_due_first(stock: Stock) -> None:
    held = {}
    for minutes in (2, 0, 1, 3):
        transition = reservation.hold(
            order_id(minutes), PLAN[1:], previous=None, now=NOW + timedelta(minutes=minutes)
        )
        assert apply(stock, transition) is None
        held[minutes] = transition.new
    assert list(stock.overdue(LATER - timedelta(milliseconds=1))) == []
    assert apply(stock, reservation.release(held[1], now=LATER)) is None
    found = list(stock.overdue(LATER + timedelta(minutes=2)))
    assert found == [held[0], held[2]]


def test_what_is_put_off_is_found_later_if_it_still_is_as_it_was(stock: Stock) -> None:
    held = hold(stock)
    soon = LATER + timedelta(minutes=5)
    stock.postpone(held, next_attempt_at=clock.rfc3339(soon))
    assert list(stock.overdue(LATER)) == []
    assert list(stock.overdue(soon)) == [held]
    renewed = _renew(stock, held)
    stock.postpone(held, next_attempt_at=clock.rfc3339(NOW))
    assert list(stock.overdue(LATER)) == []
    assert list(stock.overdue(LATER + HOLD)) == [renewed]


def test_a_shelf_is_opened_once_and_a_movement_is_found_again(stock: Stock) -> None:
    assert not stock.open_shelf(received("A", EWR, 9, movement="second"))
    assert stock.open_shelf(received("NEW", EWR, 4))
    assert not stock.open_shelf(received("NEW", EWR, 5, movement="second"))
    assert stock.levels(["NEW"], consistent=True) == {"NEW": {EWR: 4}}
    assert stock.booked("NEW", EWR, f"first NEW {EWR}") == 4
    assert stock.booked("NEW", FRA, f"first NEW {EWR}") is None
