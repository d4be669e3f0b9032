"""From where an order is served."""

from inventory.domain import fulfilment_centres
from inventory.domain.allocation import MAX_STOCK_ROWS, InsufficientStock, Line, Plan, allocate
from tests.unit.inventory.fakes import short

NEAR, MID, FAR = "near", "mid", "far"
PREFERENCE = (NEAR, MID, FAR)


def test_the_nearest_centre_that_has_it_all_serves_the_order() -> None:
    levels = {"A": {NEAR: 1, MID: 9, FAR: 9}, "B": {NEAR: 9, MID: 9, FAR: 9}}
    assert allocate({"A": 2, "B": 1}, levels, PREFERENCE) == (Line("A", MID, 2), Line("B", MID, 1))


def test_an_order_is_split_over_as_few_centres_as_possible() -> None:
    levels = {"A": {NEAR: 1, FAR: 1}, "B": {MID: 1, FAR: 1}, "C": {NEAR: 1, MID: 1}}
    plan = allocate({"A": 1, "B": 1, "C": 1}, levels, PREFERENCE)
    assert plan == (Line("A", NEAR, 1), Line("B", MID, 1), Line("C", NEAR, 1))


def test_a_line_is_split_when_no_centre_has_it_all() -> None:
    levels = {"A": {NEAR: 4, MID: 3, FAR: 3}}
    plan = allocate({"A": 10}, levels, PREFERENCE)
    assert plan == (Line("A", NEAR, 4), Line("A", MID, 3), Line("A", FAR, 3))


def test_a_line_is_split_over_the_fullest_centres() -> None:
    plan = allocate({"A": 9}, {"A": {NEAR: 1, MID: 3, FAR: 7}}, PREFERENCE)
    assert plan == (Line("A", FAR, 7), Line("A", MID, 2))


def test_what_is_short_is_named_with_what_there_is() -> None:
    levels = {"A": {NEAR: 4, MID: 3}, "B": {NEAR: 1}}
    found = allocate({"A": 8, "B": 1, "C": 1}, levels, PREFERENCE)
    assert found == InsufficientStock((short("A", 8, 7), short("C", 1, 0)))


def test_a_plan_never_needs_more_rows_than_a_transaction_takes() -> None:
    wanted = {f"S{n:03d}": 2 for n in range(60)}
    split = {sku: {NEAR: 1, MID: 1} for sku in wanted}
    found = allocate(wanted, split, PREFERENCE)
    assert isinstance(found, InsufficientStock)
    assert len(found.lines) == 60 - MAX_STOCK_ROWS // 2
    assert all(line.available < line.requested for line in found.lines)


def test_more_centres_are_taken_when_fewer_need_too_many_rows() -> None:
    wanted = {f"S{n:03d}": 2 for n in range(60)}
    levels = {sku: {NEAR: 1, MID: 1, FAR: 2 if sku != "S000" else 0} for sku in wanted}
    plan = allocate(wanted, levels, PREFERENCE)
    assert isinstance(plan, tuple)
    assert _units(plan) == 120
    assert len(plan) == 61


def _units(plan: Plan) -> int:
    return sum(line.quantity for line in plan)


def test_europe_is_served_from_frankfurt_first_and_the_rest_from_newark() -> None:
    assert fulfilment_centres.preference("DE")[0] == fulfilment_centres.FRANKFURT
    assert fulfilment_centres.preference("US")[0] == fulfilment_centres.NEWARK
    assert set(fulfilment_centres.preference("DE")) == set(fulfilment_centres.CENTRES)
