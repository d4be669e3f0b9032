"""What inventory's rules say of rows as its repository writes them, beside what others state."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inventory.domain import reservation
from inventory.domain.allocation import Line
from inventory.domain.reservation import Reservation, Status
from inventory.repository.stock import StockRepository
from shop.facts import EventExpected, OrderState, ReservationState
from tests.support import dynamodb
from tests.support.invariants import stated, violated
from tests.unit.inventory.fakes import order_id

from .conftest import Stocked

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EWR, ONT = "use1-ewr", "use1-ont"
ORDER = order_id()
RESERVATION = reservation.id_of(ORDER)
OPEN = OrderState(
    ORDER,
    status="placed",
    is_paid=False,
    is_final=False,
    payment_id=None,
    owed=(),
    total=None,
)
PAID = replace(OPEN, status="paid", is_paid=True, is_final=True)
CANCELLED = replace(OPEN, status="cancelled", is_final=True)


def held(stock: StockRepository) -> Reservation:
    """Units of one SKU at two centres, and of another."""
    plan = (Line("A", EWR, 2), Line("A", ONT, 1), Line("B", EWR, 1))
    transition = reservation.hold(ORDER, plan, previous=None, now=NOW)
    assert stock.apply(transition, None) is None
    return transition.new


@pytest.fixture
def stock(stocked: Stocked) -> StockRepository:
    return stocked(A={EWR: 5, ONT: 3}, B={EWR: 4})


def state() -> ReservationState:
    [found] = [fact for fact in stated("inventory") if isinstance(fact, ReservationState)]
    return found


def test_what_is_held_is_reserved_until_its_order_is_final(stock: StockRepository) -> None:
    held(stock)
    assert (state().is_held, state().is_sold) == (True, False)
    assert violated("inventory", OPEN) == set()
    assert violated("inventory", PAID) == violated("inventory") == {("I5", ORDER)}


def test_what_is_committed_is_sold_to_a_paid_order(stock: StockRepository) -> None:
    assert stock.apply(reservation.commit(held(stock), now=NOW), None) is None
    assert (state().is_held, state().is_sold) == (False, True)
    assert EventExpected(RESERVATION, "inventory.committed") in stated("inventory")
    assert violated("inventory", OPEN) == violated("inventory", PAID) == set()
    assert violated("inventory", CANCELLED) == violated("inventory") == {("I5", ORDER)}


def test_what_came_back_is_of_no_order(stock: StockRepository) -> None:
    assert stock.apply(reservation.release(held(stock), now=NOW), None) is None
    assert EventExpected(RESERVATION, "inventory.released") in stated("inventory")
    assert violated("inventory") == set()


def test_a_tombstone_tells_nobody(stock: StockRepository) -> None:
    assert stock.apply(reservation.tombstone(ORDER, now=NOW), None) is None
    assert not [fact for fact in stated("inventory") if isinstance(fact, EventExpected)]
    assert violated("inventory") == set()


def test_nothing_is_compared_while_it_moves(stock: StockRepository) -> None:
    held(stock)
    dynamodb.change("inventory", f"RSV#{RESERVATION}", "RSV", status=Status.COMMITTING.value)
    assert state().is_held
    assert violated("inventory", OPEN) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        {"on_hand": 6},
        {"reserved": 3, "available": 2},
        {"reserved": 1, "available": 4},
        {"available": 9},
        {"reserved": 7, "available": -2},
    ],
)
def test_a_level_that_does_not_add_up_is_named(
    stock: StockRepository, wrong: dict[str, int]
) -> None:
    held(stock)
    dynamodb.change("inventory", "SKU#A", f"LOC#{EWR}", **wrong)
    assert violated("inventory", OPEN) == {("I2", f"A@{EWR}")}
