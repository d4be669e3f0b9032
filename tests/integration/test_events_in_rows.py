"""A row that can carry an event carries that of its newest change or none, in every journey.

A write that left `outbox` as it was would make the stream tell the old event again.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import JOURNEYS
from tests.support import dynamodb
from tests.support.interceptor import Request
from tests.support.meter import TEST, metered

Kind = tuple[str, str, str]  # table, and the first parts of both keys
TABLES = ("identity", "inventory", "orders", "payments", "ledger", "audit")
# Journeys that change rows by hand, as no function does.
BY_HAND = {"poison", "sign_in_rehashed"}


@dataclass
class ProviderPayment:
    """What all journeys wrote."""

    silent: defaultdict[Kind, set[str]] = field(default_factory=lambda: defaultdict(set))
    carrying: set[Kind] = field(default_factory=set)
    told: dict[str, list[str]] = field(default_factory=dict)  # event ids, by journey

    def hear(self, request: Request, when: str) -> None:
        """Remember updates without a word of the row's events."""
        if when == "before" and request.function != TEST:
            for update in _updates(request):
                if "outbox" not in update.get("ExpressionAttributeNames", {}).values():
                    kind = _kind(update["TableName"], update["Key"])
                    self.silent[kind].add(request.name)

    def keep(self, journey: str) -> None:
        """Remember what the journey's changes told."""
        ids = self.told.setdefault(journey, [])
        for table in TABLES:
            for record in dynamodb.changes(table):
                events = dynamodb.carried(record)
                ids += [event["id"] for event in events]
                if events:
                    self.carrying.add(_kind(table, record["dynamodb"]["Keys"]))


def _updates(request: Request) -> Iterator[dict[str, Any]]:
    if request.operation == "UpdateItem":
        yield request.body
    for item in request.body.get("TransactItems", []):
        if "Update" in item:
            yield item["Update"]


def _kind(table: str, key: dict[str, Any]) -> Kind:
    return table, key["pk"]["S"].partition("#")[0], key["sk"]["S"].partition("#")[0]


@pytest.fixture(scope="module")
def seen() -> Iterator[ProviderPayment]:
    with pytest.MonkeyPatch.context() as patch, metered(patch) as meter:
        found, world = ProviderPayment(), FaultEnvironment(meter.shop)
        empty = world.snapshot()
        for name, journey in sorted(JOURNEYS.items()):
            world.restore(empty)
            meter.shop.interceptor.intercept = found.hear
            journey.given(world)
            journey.when(world)
            meter.settle()
            if name not in BY_HAND:
                found.keep(name)
        yield found


def test_no_update_leaves_a_rows_last_event_where_it_was(seen: ProviderPayment) -> None:
    assert {kind for _, kind, _ in seen.carrying} >= {"ORDER", "PAYMENT", "RSV", "TXN", "USER"}
    assert {kind: who for kind, who in seen.silent.items() if kind in seen.carrying} == {}


def test_each_event_is_told_by_one_change_only(seen: ProviderPayment) -> None:
    assert sum(map(len, seen.told.values())) > 100
    for journey, events in seen.told.items():
        assert len(events) == len(set(events)), journey
