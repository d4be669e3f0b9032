"""What is there."""

import pytest

from inventory.service import check_stock, receive_stock
from shop.problems import Problem
from tests.unit.inventory.fakes import NOW, FakeStock, lines

EWR, FRA = "use1-ewr", "euc1-fra"


@pytest.mark.parametrize(
    ("available", "requested", "status"),
    [(11, 11, "in_stock"), (10, 10, "low_stock"), (10, 11, "out_of_stock"), (0, 1, "out_of_stock")],
)
def test_the_status_says_whether_it_could_be_ordered(
    available: int, requested: int, status: str
) -> None:
    stock = FakeStock({("A", EWR): available})
    found = check_stock.check(lines([("A", requested)]), stock=stock)
    assert not isinstance(found, Problem)
    assert [(line.available_quantity, line.status) for line in found] == [(available, status)]


def test_all_centres_count_and_lines_of_one_sku_are_summed() -> None:
    stock = FakeStock({("A", EWR): 6, ("A", FRA): 6})
    found = check_stock.check(lines([("A", 6), ("A", 7)]), stock=stock)
    assert not isinstance(found, Problem)
    assert [(line.requested, line.status) for line in found] == [(13, "out_of_stock")]


def test_an_unknown_sku_is_named_with_its_place() -> None:
    stock = FakeStock({("A", EWR): 6})
    found = check_stock.check(lines([("A", 1), ("X", 1)]), stock=stock)
    assert isinstance(found, Problem)
    assert found.type.code == "unknown_sku"
    assert [error["pointer"] for error in found.errors] == ["/lines/1/sku"]


def test_stock_is_taken_in_once_per_movement() -> None:
    stock = FakeStock()
    for expected in (True, False):
        assert (
            receive_stock.receive("A", EWR, 5, movement_id="mov_1", stock=stock, now=NOW)
            is expected
        )
    stock.check()
    assert stock.available("A") == 5


def test_nothing_cannot_arrive() -> None:
    with pytest.raises(ValueError, match="at least one"):
        receive_stock.receive("A", EWR, 0, movement_id="mov_1", stock=FakeStock(), now=NOW)
