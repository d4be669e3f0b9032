"""Counts what one request of a journey uses of AWS, before its answer and after it.

Read and write units are computed from the items; streams and queues bring one record at a time,
which is what a quiet shop pays and a busy one does not.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from benchmarks.cost import Counts, RouteCounts
from catalog.api import list_products
from catalog.repository import ListingRepository
from tests.support.capacity import Item, index_units, read_units, size, write_units
from tests.support.dynamodb import TABLES
from tests.support.journey import Journey, started
from tests.support.specs import consumers
from tests.support.wire import Request

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"  # as long as API Gateway's: rows keep it
QUEUE_REQUESTS = 3  # of a message: sent by the bus, received and deleted by the mapping


@dataclass(frozen=True)
class Write:
    """One item of a request."""

    table: str
    key: Item
    put: Item | None
    before: Item | None


class Meter:
    """Listens to a journey's wire."""

    def __init__(self, shop: Journey) -> None:
        self.shop = shop
        self._consumers = set(consumers())
        shop.estate.stream_batch = shop.estate.queue_batch = 1
        self._writes: dict[int, list[Write]] = {}
        self._read_units: dict[str, float] = defaultdict(float)
        self._write_units: Counter[str] = Counter()
        shop.wire.intercept = self

    def measure(self, act: Callable[[], Any]) -> RouteCounts:
        """Of one HTTP request, and of all that follows from it."""
        self.settle()
        now = self._count(act, api_requests=1)
        return RouteCounts(now=now, later=self._count(self.settle))

    def settle(self) -> None:
        """Bring rows to the relay and the fold, and events to their consumers."""
        self.shop.deliver()

    def __call__(self, request: Request, when: str) -> None:
        if request.function == "test":
            return
        if when == "before":
            self._writes[id(request)] = [*_writes(request)]
            return
        name, read = request.name, _read_units(request)
        if read:
            self._read_units[name] += read
        twice = 2 if request.operation == "TransactWriteItems" else 1
        for write in self._writes.pop(id(request)):
            after = _stored(write.table, write.key)
            self._write_units[name] += twice * write_units(write.before, write.put, after)
            self._write_units[name] += sum(
                index_units(write.before, after, keys) for keys in TABLES[write.table].values()
            )

    def _count(self, act: Callable[[], Any], *, api_requests: int = 0) -> Counts:
        wire, psp_calls = self.shop.wire, len(self.shop.psp.calls)
        before = len(self.shop.machine.executions)
        wire.reset()
        self._read_units.clear()
        self._write_units.clear()
        act()
        new, invoked = self.shop.machine.executions[before:], wire.invoked()
        other = Counter(request.service for request in wire.others)
        events = [r.body["Entries"] for r in wire.others if r.operation == "PutEvents"]
        return Counts(
            api_requests=api_requests,
            invocations=dict(Counter(invoked)),
            requests=_requests(wire.requests),
            read_units=dict(self._read_units),
            write_units=dict(self._write_units),
            executions=len(new),
            transitions=sum(map(len, new)),
            events=sum(map(len, events)),
            queue_requests=QUEUE_REQUESTS * sum(name in self._consumers for name in invoked)
            + other["sqs"],
            kms_requests=other["kms"],
            psp_calls=len(self.shop.psp.calls) - psp_calls,
        )


def _requests(requests: list[Request]) -> dict[str, int]:
    return dict(
        Counter(
            each.name for each in requests if each.service == "dynamodb" and each.function != "test"
        )
    )


def _writes(request: Request) -> Iterator[Write]:
    body = request.body
    parts = {"PutItem": [body], "UpdateItem": [body], "DeleteItem": [body]}.get(
        request.operation, [next(iter(item.values())) for item in body.get("TransactItems", [])]
    )
    for part in parts:
        item = part.get("Item")
        key = part.get("Key") or {name: item[name] for name in ("pk", "sk")}
        yield Write(part["TableName"], key, item, _stored(part["TableName"], key))


def _stored(table: str, key: Item) -> Item | None:
    # Asked for each time: moto replaces its tables when a transaction fails.
    stored = dynamodb_backends["123456789012"]["us-east-1"].tables[table]
    pk, sk = (DynamoType(dict(key[name])) for name in ("pk", "sk"))
    item = stored.get_item(pk, sk)
    return None if item is None else deepcopy(item.to_json()["Attributes"])


def _read_units(request: Request) -> float:
    body, answer = request.body, request.answer
    consistent = body.get("ConsistentRead", False)
    if request.operation == "GetItem":
        return read_units([size(answer.get("Item", {}))], consistent=consistent)
    if request.operation == "Query":  # All of a page together.
        return read_units([sum(map(size, answer["Items"]))], consistent=consistent)
    if request.operation == "BatchGetItem":
        units = 0.0
        for table, wanted in body["RequestItems"].items():
            sizes = [size(item) for item in answer["Responses"].get(table, [])]
            sizes += [0] * (len(wanted["Keys"]) - len(sizes))
            units += read_units(sizes, consistent=wanted.get("ConsistentRead", False))
        return units
    return 0.0


@contextmanager
def metered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meter]:
    """A shop with a bus, relay and fold, as after a cold start."""
    with started(monkeypatch) as shop:
        monkeypatch.setattr(shop, "post", partial(shop.post, request_id=REQUEST_ID))
        monkeypatch.setattr(list_products, "listings", ListingRepository())
        yield Meter(shop)
