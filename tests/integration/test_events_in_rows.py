"""A row that can carry an event carries that of its newest change or none, in every journey.

A write that left `outbox` as it was would make the stream tell the old event again.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.journeys import JOURNEYS
from tests.faults.world import World
from tests.support import dynamodb
from tests.support.meter import metered
from tests.support.wire import Request

Kind = tuple[str, str]  # table, and the first part of the key


def _updates(request: Request) -> Iterator[dict[str, Any]]:
    if request.operation == "UpdateItem":
        yield request.body
    for item in request.body.get("TransactItems", []):
        if "Update" in item:
            yield item["Update"]


def _kind(table: str, pk: str) -> Kind:
    return table, pk.partition("#")[0]


@pytest.fixture(scope="module")
def seen() -> Iterator[tuple[dict[Kind, set[str]], dict[str, list[str]]]]:
    """By kind of row, who updates it without a word of its events; and what each change told."""
    silent: defaultdict[Kind, set[str]] = defaultdict(set)
    told: defaultdict[str, list[str]] = defaultdict(list)

    def hear(request: Request, when: str) -> None:
        for update in _updates(request) if when == "before" else ():
            if "outbox" not in update.get("ExpressionAttributeNames", {}).values():
                silent[_kind(update["TableName"], update["Key"]["pk"]["S"])].add(request.name)

    with pytest.MonkeyPatch.context() as patch, metered(patch) as meter:
        world = World(meter.shop)
        empty = world.snapshot()
        for name, journey in sorted(JOURNEYS.items()):
            world.restore(empty)
            meter.shop.wire.intercept = hear
            journey.given(world)
            journey.when(world)
            meter.settle()
            if name == "poison":
                continue
            for table in ("identity", "inventory", "orders", "payments", "ledger", "audit"):
                for record in dynamodb.changes(table):
                    kind = _kind(table, record["dynamodb"]["Keys"]["pk"]["S"])
                    for event in dynamodb.carried(record):
                        told[name].append(event["id"])
                        CARRYING.add(kind)
        yield silent, told


CARRYING: set[Kind] = set()


def test_no_update_leaves_a_rows_last_event_where_it_was(
    seen: tuple[dict[Kind, set[str]], dict[str, list[str]]],
) -> None:
    silent, _ = seen
    assert len(CARRYING) >= 6
    assert {kind: silent[kind] for kind in CARRYING if silent.get(kind)} == {}


def test_each_event_is_told_by_one_change_only(
    seen: tuple[dict[Kind, set[str]], dict[str, list[str]]],
) -> None:
    for journey, events in seen[1].items():
        assert len(events) == len(set(events)), journey
