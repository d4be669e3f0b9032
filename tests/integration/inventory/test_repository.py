"""What only the table can show: movements once, stock never below zero, parts of a batch."""

from typing import Any

import pytest

from inventory.domain.reservation import Change, Movement
from inventory.service import receive_stock
from inventory.service.ports import Inconsistent
from shop import aws, clock, tables
from tests.support import dynamodb
from tests.support.interceptor import Interceptor

from .conftest import Stocked

EWR = "use1-ewr"


def write_off(units: int, *, movement_id: str = "mov_off") -> Change:
    movement = Movement(movement_id, -units, "write_off", None, "2026-03-01T00:00:00.000Z")
    return Change("A", EWR, available=-units, on_hand=-units, movement=movement)


def test_goods_are_taken_in_once_per_movement(stocked: Stocked, interceptor: Interceptor) -> None:
    stock = stocked()
    for expected in (True, False):
        taken = receive_stock.receive(
            "A", EWR, 5, movement_id="mov_1", stock=stock, now=clock.now()
        )
        assert taken is expected
    assert [request.operation for request in interceptor.requests] == ["TransactWriteItems"] * 2
    [row] = [row for row in dynamodb.rows("inventory") if row["pk"] == "SKU#A"]
    assert (row["available"], row["reserved"], row["on_hand"]) == (5, 0, 5)


def test_stock_never_falls_below_zero(stocked: Stocked) -> None:
    stock = stocked(A={EWR: 5})
    with pytest.raises(Inconsistent):
        stock.move([write_off(6)])


def test_a_movement_that_is_booked_is_not_missed_because_the_stock_is_gone(
    stocked: Stocked,
) -> None:
    stock = stocked(A={EWR: 5})
    assert stock.move([write_off(5)])
    assert not stock.move([write_off(5)])


class Partial:
    """DynamoDB that leaves some keys of a batch unread, `times` times."""

    def __init__(self, times: int) -> None:
        self.left = times
        client = aws.client("dynamodb")
        self.real = client._make_api_call
        client._make_api_call = self

    def __call__(self, operation: str, parameters: dict[str, Any]) -> Any:
        if operation != "BatchGetItem" or self.left == 0:
            return self.real(operation, parameters)
        self.left -= 1
        [(table, asked)] = parameters["RequestItems"].items()
        kept, left = asked["Keys"][:1], asked["Keys"][1:]
        answer = self.real(operation, {"RequestItems": {table: {**asked, "Keys": kept}}})
        return {**answer, "UnprocessedKeys": {table: {**asked, "Keys": left}}}


def test_what_a_batch_leaves_unread_is_read_again(stocked: Stocked) -> None:
    stock = stocked(A={EWR: 5}, B={EWR: 5})
    Partial(2)
    assert stock.levels(["A", "B"], consistent=True) == {"A": {EWR: 5}, "B": {EWR: 5}}


def test_a_batch_that_stays_unread_is_a_fault_not_an_empty_stock(stocked: Stocked) -> None:
    stock = stocked(A={EWR: 5}, B={EWR: 5}, C={EWR: 5})
    Partial(99)
    with pytest.raises(tables.KeysUnprocessed):
        stock.levels(["A", "B", "C"], consistent=True)
