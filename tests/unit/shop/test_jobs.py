"""Schedules work until nothing is left or their time is used; a stream tells of its batch."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shop import invocation, jobs, retry, tables, telemetry, trace
from shop.jobs import MARGIN_S, Run
from tests.support.lambda_context import FakeContext

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def run_of(items: list[str], work: Any, context: FakeContext | None = None) -> dict[str, Any]:
    handler = jobs.schedule("test", lambda run: run.each(items, work, key=str))
    return handler({}, context or FakeContext())


def test_one_that_fails_holds_up_nobody_and_its_text_is_not_logged(log: io.StringIO) -> None:
    def work(item: str) -> str:
        if item == "b":
            raise RuntimeError("ada@example.com")
        return "done"

    assert run_of(["a", "b", "c"], work) == {"done": 2, "failed": 1}
    [failed] = [line for line in lines(log) if line["level"] == "ERROR"]
    assert (failed["schedule"], failed["item"], failed["error"]) == ("test", "b", "RuntimeError")
    assert "ada@example.com" not in log.getvalue()


def test_no_item_is_worked_on_twice_in_a_run() -> None:
    assert run_of(["a", "b", "a"], lambda _: "done") == {"done": 2}


def test_a_run_ends_while_there_is_time_to_end_an_item() -> None:
    context, seen = FakeContext(remaining_ms=50_000), []

    def work(item: str) -> str:
        seen.append(item)
        context.remaining_ms -= 15_000
        return "done"

    assert run_of(list("abcdef"), work, context) == {"done": 3}
    assert seen == ["a", "b", "c"]
    assert context.remaining_ms / 1000 <= MARGIN_S


def test_each_item_has_retries_of_its_own() -> None:
    def work(_item: str) -> str:
        while retry.spend():
            pass
        return "used up"

    assert run_of(["a", "b"], work) == {"used up": 2}
    run = Run("test", NOW, trace.from_header(None))
    assert run.each(["a"], lambda _: str(retry.spend()), key=str) == {"True": 1}


def test_the_oldest_of_all_shards_comes_first_and_pages_are_read_when_they_are_needed() -> None:
    asked: list[str] = []

    def shard(*times: str) -> Iterator[str]:
        for time in times:
            asked.append(time)
            yield time

    found = tables.oldest_first([shard("1", "4"), shard("2", "3"), shard()], by=str)
    assert [next(found) for _ in range(2)] == ["1", "2"]
    assert "3" not in asked
    assert list(found) == ["3", "4"]


def test_a_batch_that_failed_is_brought_again(log: io.StringIO) -> None:
    def consume(_records: list[dict[str, Any]]) -> dict[str, int]:
        raise RuntimeError("secret")

    with pytest.raises(RuntimeError):
        jobs.stream("test", consume, fault="TestFault")({"Records": [{}]}, FakeContext())
    assert "secret" not in log.getvalue()


def test_every_line_tells_its_invocation_and_nothing_of_the_one_before(log: io.StringIO) -> None:
    @invocation.invoked
    def handler(event: dict[str, Any], _context: Any) -> None:
        if event["bind"]:
            telemetry.set_log_context(trace.from_header(None), order_id="ord_1")
        telemetry.logger.info("line")

    handler({"bind": True}, FakeContext(aws_request_id="one"))
    handler({"bind": False}, FakeContext(aws_request_id="two"))
    first, second = lines(log)
    assert (first["function_request_id"], first["order_id"]) == ("one", "ord_1")
    assert second["function_request_id"] == "two"
    assert "order_id" not in second
    assert "correlation_id" not in second
    assert {first["cold_start"], second["cold_start"]} <= {True, False}
    assert not second["cold_start"]


def test_the_time_that_is_left_is_this_invocations() -> None:
    @invocation.invoked
    def handler(_event: dict[str, Any], _context: Any) -> float:
        return invocation.remaining_s()

    assert handler({}, FakeContext(remaining_ms=1500)) == 1.5
    assert invocation.remaining_s() == float("inf")
