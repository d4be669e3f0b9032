"""The steps against the table: conditions, transactions, repeats, the number of requests."""

from typing import Any

import pytest

from inventory import steps
from inventory.repository.stock import StockRepository
from inventory.service import end_reservation
from shop import clock, ids
from tests.support import dynamodb
from tests.support.interceptor import Interceptor, Request
from tests.support.lambda_context import FakeContext

from .conftest import Stocked

EWR, ORD, FRA = "use1-ewr", "use1-ord", "euc1-fra"
TRACE = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "request_id": "r-1",
    "instance": "/orders",
}


def order_id(name: object = 1) -> str:
    return ids.derive("ord", str(name), region="use1")


def reserve(wanted: dict[str, int], *, order: object = 1, country: str = "US") -> dict[str, Any]:
    return steps.handler(
        {
            "step": "reserve",
            "order_id": order_id(order),
            "lines": [{"sku": sku, "quantity": n} for sku, n in wanted.items()],
            "ship_to": {"country": country, "region": None},
            "trace": TRACE,
        },
        FakeContext(),
    )


def step(name: str, order: object = 1) -> str:
    event = {"step": name, "order_id": order_id(order), "trace": TRACE}
    return str(steps.handler(event, FakeContext())["outcome"])


def stock_rows() -> dict[tuple[str, str], tuple[int, int, int]]:
    """(available, reserved, on hand) by SKU and location; checks I2 on the way."""
    found, movements = {}, dict[tuple[str, str], int]()
    for row in dynamodb.rows("inventory"):
        kind, *names = str(row["pk"]).split("#")
        if kind == "MOV":
            key = names[0], names[1]
            movements[key] = movements.get(key, 0) + int(row["quantity"])
        if kind == "SKU":
            counts = int(row["available"]), int(row["reserved"]), int(row["on_hand"])
            found[names[0], str(row["sk"]).removeprefix("LOC#")] = counts
    for key, (available, reserved, on_hand) in found.items():
        assert on_hand == available + reserved == movements[key]
        assert min(available, reserved) >= 0
    return found


def operations(interceptor: Interceptor) -> list[str]:
    return [request.operation for request in interceptor.requests]


def test_the_usual_reservation_is_one_request(stocked: Stocked, interceptor: Interceptor) -> None:
    stocked(A={EWR: 5}, B={EWR: 5})
    result = reserve({"A": 2, "B": 1})
    assert operations(interceptor) == ["TransactWriteItems"]
    assert result["outcome"] == "reserved"
    assert stock_rows() == {("A", EWR): (3, 2, 5), ("B", EWR): (4, 1, 5)}
    [event] = dynamodb.outbox("inventory")
    assert event["type"] == "inventory.reserved"
    assert event["subject"] == result["reservation"]["reservation_id"]
    assert event["correlation_id"] == TRACE["traceparent"][3:35]
    assert event["data"] == {
        "reservation_id": result["reservation"]["reservation_id"],
        "order_id": order_id(),
        "lines": [
            {"sku": "A", "location": EWR, "quantity": 2},
            {"sku": "B", "location": EWR, "quantity": 1},
        ],
    }


def test_a_repeat_gets_the_same_reservation(stocked: Stocked) -> None:
    stocked(A={EWR: 2})
    assert reserve({"A": 2}) == reserve({"A": 2})
    assert stock_rows() == {("A", EWR): (0, 2, 2)}


def test_a_split_order_costs_one_read_more_per_hundred_rows(
    stocked: Stocked, interceptor: Interceptor
) -> None:
    stocked(A={EWR: 4, ORD: 3, FRA: 3})
    reserve({"A": 10})
    assert operations(interceptor) == ["TransactWriteItems", "BatchGetItem", "TransactWriteItems"]
    [event] = dynamodb.outbox("inventory")
    assert sum(line["quantity"] for line in event["data"]["lines"]) == 10
    assert {row[0] for row in stock_rows().values()} == {0}


def test_what_is_short_is_said_after_a_consistent_read(
    stocked: Stocked, interceptor: Interceptor
) -> None:
    stocked(A={EWR: 1, FRA: 1}, B={EWR: 1})
    assert reserve({"A": 3, "B": 1}) == {
        "outcome": "out_of_stock",
        "short": [{"sku": "A", "requested": 3, "available": 2}],
    }
    read = next(request for request in interceptor.requests if request.operation == "BatchGetItem")
    assert read.body["RequestItems"]["inventory"]["ConsistentRead"] is True
    assert dynamodb.outbox("inventory") == []
    assert stock_rows()["B", EWR] == (1, 0, 1)


def test_a_sale_that_does_not_fit_one_transaction_goes_in_pieces(
    stocked: Stocked, interceptor: Interceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a limit of 2 pairs; that the real one keeps to 100 items is a rule of the service."""
    monkeypatch.setattr(end_reservation, "PAIRS_WITH_MOVEMENT", 2)
    skus = [f"S{n}" for n in range(5)]
    stocked(**{sku: {EWR: 1} for sku in skus})
    assert reserve(dict.fromkeys(skus, 1))["outcome"] == "reserved"
    assert step("commit") == "committed"
    assert transaction_sizes(interceptor) == [5 + 1, 1, 4, 4, 2, 1]
    assert set(stock_rows().values()) == {(0, 0, 0)}
    interceptor.reset()
    assert step("release") == "released"
    assert transaction_sizes(interceptor) == [1, 4, 4, 2, 1]
    assert set(stock_rows().values()) == {(1, 0, 1)}


def transaction_sizes(interceptor: Interceptor) -> list[int]:
    writes = [r for r in interceptor.requests if r.operation == "TransactWriteItems"]
    return [len(write.body["TransactItems"]) for write in writes]


def test_a_commit_is_a_read_and_a_write(stocked: Stocked, interceptor: Interceptor) -> None:
    stocked(A={EWR: 5})
    reserve({"A": 2})
    interceptor.reset()
    assert step("commit") == "committed"
    assert operations(interceptor) == ["GetItem", "TransactWriteItems"]
    assert stock_rows() == {("A", EWR): (3, 0, 3)}
    assert step("commit") == "committed"
    assert reserve({"A": 2})["outcome"] == "committed"
    assert [e["type"] for e in dynamodb.outbox("inventory")][1:] == ["inventory.committed"]
    assert stock_rows() == {("A", EWR): (3, 0, 3)}


def test_a_release_gives_back_and_stays(stocked: Stocked, interceptor: Interceptor) -> None:
    stocked(A={EWR: 5})
    reserve({"A": 2})
    interceptor.reset()
    assert step("release") == "released"
    assert operations(interceptor) == ["GetItem", "TransactWriteItems"]
    assert step("release") == "released"
    assert step("commit") == "released"
    assert reserve({"A": 2}) == {"outcome": "released"}
    assert stock_rows() == {("A", EWR): (5, 0, 5)}


def test_a_release_before_the_reserve_leaves_nothing_to_leak(stocked: Stocked) -> None:
    stocked(A={EWR: 5})
    assert step("release") == "released"
    assert reserve({"A": 2}) == {"outcome": "released"}
    assert stock_rows() == {("A", EWR): (5, 0, 5)}
    assert dynamodb.outbox("inventory") == []


def test_a_sale_that_is_called_off_comes_back(stocked: Stocked) -> None:
    stocked(A={EWR: 5})
    reserve({"A": 2})
    step("commit")
    assert step("release") == "released"
    assert stock_rows() == {("A", EWR): (5, 0, 5)}
    assert step("commit") == "released"


def test_a_reservation_is_due_only_while_it_is_held(stocked: Stocked) -> None:
    stock = stocked(A={EWR: 5})
    reserve({"A": 1})
    reserve({"A": 1}, order=2)
    assert _due(stock) == 2
    step("commit")
    step("release", 2)
    assert _due(stock) == 0


def _due(stock: StockRepository) -> int:
    later = clock.parse("2100-01-01T00:00:00Z")
    return len(list(stock.overdue(later)))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ["reserve", "commit", "release"])
def test_a_step_whose_write_or_answer_was_lost_can_be_repeated(
    stocked: Stocked, interceptor: Interceptor, name: str, when: str
) -> None:
    stocked(A={EWR: 5})

    def act() -> str:
        return str(reserve({"A": 2})["outcome"]) if name == "reserve" else step(name)

    if name != "reserve":
        reserve({"A": 2})
    lost: list[Request] = []

    def lose(request: Request, at: str) -> None:
        if request.operation == "TransactWriteItems" and at == when and not lost:
            lost.append(request)
            raise ConnectionAbortedError

    interceptor.intercept = lose
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever botocore makes of it)
        act()
    assert lost
    outcome = {"reserve": "reserved", "commit": "committed", "release": "released"}[name]
    assert act() == outcome
    units = {"reserve": (3, 2, 5), "commit": (3, 0, 3), "release": (5, 0, 5)}[name]
    assert stock_rows() == {("A", EWR): units}
    sequences = [event["sequence"] for event in dynamodb.outbox("inventory")]
    assert sequences == list(range(1, len(sequences) + 1))
