"""Stock from a file never touches what orders have reserved."""

from collections.abc import Mapping

import pytest

from inventory.domain import reservation
from inventory.domain.allocation import Line
from inventory.repository.stock import StockRepository
from inventory.service import import_stock
from inventory.service.import_stock import OpeningStock, StockChange, StockLine
from inventory.service.ports import Inconsistent
from tests.support import dynamodb
from tests.unit.inventory.fakes import NOW, order_id

EWR, REGION = "use1-ewr", "us-east-1"
TEN = OpeningStock("TEA", EWR, 10)
THREE_GONE = StockChange("TEA", EWR, -3, "count-7", "broken")


@pytest.fixture
def stock(moto_aws: None) -> StockRepository:
    dynamodb.create("inventory")
    return StockRepository()


def bring(stock: StockRepository, *lines: StockLine) -> Mapping[int, str]:
    plan = import_stock.plan(dict(enumerate(lines)), stock=stock, region=REGION)
    if not plan.objections:
        for line in plan.todo.values():
            import_stock.take(line, stock=stock, region=REGION, now=NOW)
    return plan.objections


def shelf() -> tuple[int, int, int]:
    (row,) = [row for row in dynamodb.rows("inventory") if row["pk"] == "SKU#TEA"]
    moved = [row for row in dynamodb.rows("inventory") if row["pk"] == f"MOV#TEA#{EWR}"]
    assert row["on_hand"] == sum(int(each["quantity"]) for each in moved)
    return int(row["available"]), int(row["reserved"]), int(row["on_hand"])


def reserve(stock: StockRepository, units: int) -> None:
    held = reservation.hold(order_id(), (Line("TEA", EWR, units),), previous=None, now=NOW)
    assert stock.apply(held, None) is None


def test_units_are_set_where_none_are_and_nowhere_else(stock: StockRepository) -> None:
    assert bring(stock, TEN) == {}
    reserve(stock, 4)
    for again in (TEN, OpeningStock("TEA", EWR, 99)):
        assert bring(stock, again) == {}
        assert shelf() == (6, 4, 10)


def test_a_change_is_booked_once_by_its_id(stock: StockRepository) -> None:
    for _ in range(3):
        assert bring(stock, TEN, THREE_GONE) == {}
        assert shelf() == (7, 0, 7)
    assert not import_stock.take(THREE_GONE, stock=stock, region=REGION, now=NOW)


def test_the_id_of_a_change_does_not_mean_another_number(stock: StockRepository) -> None:
    bring(stock, TEN, THREE_GONE)
    other = StockChange("TEA", EWR, -4, "count-7")
    assert bring(stock, other) == {0: "the change 'count-7' was booked with -3 units"}


def test_what_is_reserved_is_not_taken_away(stock: StockRepository) -> None:
    bring(stock, TEN)
    reserve(stock, 8)
    assert bring(stock, THREE_GONE) == {0: "only 2 units are not reserved"}
    with pytest.raises(Inconsistent):
        import_stock.take(THREE_GONE, stock=stock, region=REGION, now=NOW)
    assert shelf() == (2, 8, 10)


def test_lines_of_one_file_count_together(stock: StockRepository) -> None:
    less = [StockChange("TEA", EWR, -4, f"count-{number}") for number in range(3)]
    assert bring(stock, TEN, *less) == {3: "only 2 units are not reserved"}
    assert dynamodb.rows("inventory") == []


def test_a_shelf_that_opened_meanwhile_stays_as_it_is(stock: StockRepository) -> None:
    plan = import_stock.plan({1: TEN}, stock=stock, region=REGION)
    bring(stock, StockChange("TEA", EWR, 5, "delivery"))
    assert [
        import_stock.take(each, stock=stock, region=REGION, now=NOW) for each in plan.todo.values()
    ] == [False]
    assert shelf() == (5, 0, 5)
