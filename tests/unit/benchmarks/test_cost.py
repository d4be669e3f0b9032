"""Cost is counts times prices; units follow DynamoDB's rules."""

import json

import pytest

from benchmarks import cost
from benchmarks.cost import Counts, RouteCounts, Times
from tests.support.capacity import index_units, read_units, size, write_units

PRICE = json.loads(cost.PRICES.read_text())["per_unit"]
TIMES = Times(function_ms=10, psp_ms=300, measured=True)
ORDER = Counts(api_requests=1, invocations={"route": 1, "a": 1, "b": 2}, executions=1, psp_calls=1)
KEYS = ("shard", "at")


def item(length: int, **keys: str) -> dict[str, dict[str, str]]:
    return {"x": {"S": "x" * (length - 1)}, **{name: {"S": value} for name, value in keys.items()}}


def test_a_route_is_billed_while_it_waits_for_its_steps() -> None:
    assert TIMES.machine_ms(ORDER) == 3 * 10 + 300
    assert TIMES.functions_ms(ORDER) == 4 * 10 + 300 + (3 * 10 + 300)


def test_an_execution_is_billed_in_steps_of_100_ms() -> None:
    found = cost.cost(ORDER, TIMES, PRICE, memory_mb=512)
    assert found["Step Functions"] == pytest.approx(1e-6 + 0.4 / 16 * 1.6667e-5)
    assert found["Lambda"] == pytest.approx(4 * 2e-7 + 0.67 / 2 * 1.33334e-5)


def test_units_events_and_queues_have_their_prices() -> None:
    counts = Counts(write_units={"a": 4, "b": 6}, read_units={"a": 0.5}, events=2, queue_requests=6)
    found = cost.cost(counts, TIMES, PRICE, memory_mb=512)
    assert found["DynamoDB"] == pytest.approx(10 * 6.25e-7 + 0.5 * 1.25e-7)
    assert (found["EventBridge"], found["SQS"]) == pytest.approx((2e-6, 2.4e-6))
    assert (found["Lambda"], found["Step Functions"], found["KMS"]) == (0, 0, 0)


def test_a_paid_order_is_an_order_and_a_payment() -> None:
    routes = {name: RouteCounts(now=Counts(events=1), later=Counts(events=2)) for name in cost.PAID}
    found = cost.costs(routes, dict.fromkeys(routes, TIMES), PRICE, memory_mb=512)
    assert found["paid order"]["EventBridge"] == pytest.approx(2 * 3 * 1e-6 * 1000)


def test_time_is_measured_less_the_emulators_own_execution_or_assumed() -> None:
    rows = [
        {"name": "POST /orders", "clients": 1, "p50": 140.0},
        {"name": "POST /orders", "clients": 8, "p50": 900.0},
        {"name": "empty execution", "clients": 1, "p50": 100.0},
    ]
    measured = cost.estimate("POST /orders", ORDER, rows, psp_ms=300)
    assert measured == Times(function_ms=10, psp_ms=300, measured=True)
    for latency in ([], rows[:1]):
        assumed = cost.estimate("POST /orders", ORDER, latency, psp_ms=300)
        assert assumed == Times(function_ms=cost.ASSUMED_MS, psp_ms=300, measured=False)


def test_infra_says_what_memory_functions_have() -> None:
    assert cost.memory_of(cost.FUNCTION.read_text()) >= 128


def test_the_document_is_written_between_its_marks() -> None:
    start, end = cost.MARKS
    assert cost.replaced(f"a\n{start}old\n{end}b\n", "new") == f"a\n{start}new\n{end}b\n"
    with pytest.raises(SystemExit):
        cost.replaced("no marks", "new")


def test_an_item_is_as_large_as_its_names_and_values() -> None:
    assert size({"pk": {"S": "é"}, "n": {"N": "-120"}, "b": {"BOOL": True}}) == 4 + 3 + 2
    assert size({"m": {"M": {"k": {"L": [{"S": "ab"}]}}}}) == 1 + 3 + 1 + 1 + (3 + 1 + 2)


def test_a_write_costs_the_larger_of_before_and_after() -> None:
    assert write_units(None) == 1
    assert write_units(item(1024)) == 1
    assert write_units(item(2049), item(10)) == 3


def test_an_index_costs_what_it_must_do_to_follow() -> None:
    inside, moved, outside = item(9, shard="1", at="1"), item(9, shard="1", at="2"), item(9)
    assert index_units(None, outside, KEYS) == 0
    assert index_units(inside, inside, KEYS) == 0
    assert index_units(None, inside, KEYS) == index_units(inside, outside, KEYS) == 1
    assert index_units(inside, item(1100, shard="1", at="1"), KEYS) == 2
    assert index_units(inside, moved, KEYS) == 2  # one entry goes, one comes


def test_a_consistent_read_costs_twice_and_an_absent_item_as_a_small_one() -> None:
    assert read_units([0, 4096, 4097], consistent=True) == 4
    assert read_units([0, 4096, 4097], consistent=False) == 2
