"""Counts what one request of a journey uses of AWS, before its answer and after it.

Read and write units are computed from the items; streams and queues bring one record at a time,
which is what a quiet shop pays and a busy one does not.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from benchmarks.cost import Counts, RouteCounts
from catalog.api import list_products
from catalog.repository import ListingRepository
from inventory.api import check_stock
from ledger.jobs import fold_balances
from ledger.repository import BalanceRepository
from operations.jobs import relay
from tests.support import dynamodb
from tests.support.capacity import Item, index_units, read_units, size, write_units
from tests.support.dynamodb import TABLES
from tests.support.journey import Journey, started
from tests.support.wire import Request

STACKS = Path(__file__).parents[2] / "infra" / "stacks"
RELAY, FOLD = "operations.relay", "ledger.fold_balances"
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"  # as long as API Gateway's: rows keep it
QUEUE_REQUESTS = 3  # of a message: sent by the bus, received and deleted by the mapping


@dataclass(frozen=True)
class Write:
    """One item of a request."""

    table: str
    key: Item
    put: Item | None
    before: Item | None


def consumers() -> dict[str, tuple[str, ...]]:
    """What each consumer hears, as the stacks say; read from the source, for CDK is slow."""
    found = {}
    for file in sorted(STACKS.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FunctionSpec":
                given = {word.arg: word.value for word in node.keywords}
                if "hears" in given:
                    name = ast.literal_eval(given["name"])
                    found[f"{file.stem}.{name}"] = ast.literal_eval(given["hears"])
    return found


class Meter:
    """Listens to a journey's wire."""

    def __init__(self, shop: Journey) -> None:
        self.shop = shop
        self._consumers = set(consumers())
        self._machines = boto3.client("stepfunctions", region_name="us-east-1")
        self._inserted: list[tuple[str, Item]] = []
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
        """Bring what was inserted to the relay and the fold, and events to their consumers."""
        while self._inserted:
            inserted, self._inserted = self._inserted, []
            for table, item in inserted:
                record = {"eventName": "INSERT", "dynamodb": {"NewImage": item}}
                for name in self._fed_by(table):
                    self.shop.wire.call(name, {"Records": [record]})
            self.shop.deliver()

    def __call__(self, request: Request, when: str) -> None:
        if request.function == "test":
            return
        if when == "before":
            self._writes[id(request)] = [*_writes(request)]
            return
        name, read = _name(request), _read_units(request)
        if read:
            self._read_units[name] += read
        twice = 2 if request.operation == "TransactWriteItems" else 1
        for write in self._writes.pop(id(request)):
            after = _stored(write.table, write.key)
            self._write_units[name] += twice * write_units(write.before, write.put, after)
            self._write_units[name] += sum(
                index_units(write.before, after, keys) for keys in TABLES[write.table].values()
            )
            if write.before is None and after is not None:
                self._inserted.append((write.table, after))

    def _count(self, act: Callable[[], Any], *, api_requests: int = 0) -> Counts:
        wire, before, psp_calls = self.shop.wire, self._executions(), len(self.shop.psp.calls)
        wire.reset()
        self._read_units.clear()
        self._write_units.clear()
        act()
        new, invoked = self._executions() - before, wire.invoked()
        other = Counter(request.operation.partition(".")[0] for request in wire.others)
        events = [r.body["Entries"] for r in wire.others if r.operation.startswith("AWSEvents")]
        return Counts(
            api_requests=api_requests,
            invocations=dict(Counter(invoked)),
            requests=_requests(wire.requests),
            read_units=dict(self._read_units),
            write_units=dict(self._write_units),
            executions=len(new),
            transitions=sum(map(self._transitions, new)),
            events=sum(map(len, events)),
            queue_requests=QUEUE_REQUESTS * sum(name in self._consumers for name in invoked)
            + other["AmazonSQS"],
            kms_requests=other["TrentService"],
            psp_calls=len(self.shop.psp.calls) - psp_calls,
        )

    def _fed_by(self, table: str) -> Iterator[str]:
        """All INSERTs of a stream, as infra/constructs/stream_mapping.py filters them."""
        if table in ("inventory", "orders", "payments", "ledger"):
            yield RELAY
        if table == "ledger":
            yield FOLD

    def _executions(self) -> set[str]:
        [only] = self._machines.list_state_machines()["stateMachines"]
        found = self._machines.list_executions(stateMachineArn=only["stateMachineArn"])
        return {each["executionArn"] for each in found["executions"]}

    def _transitions(self, execution: str) -> int:
        history = self._machines.get_execution_history(executionArn=execution, maxResults=1000)
        return sum(event["type"].endswith("StateEntered") for event in history["events"])


def _requests(requests: list[Request]) -> dict[str, int]:
    sent = [r for r in requests if r.function != "test" and r.operation != "Invoke"]
    return dict(Counter(map(_name, sent)))


def _name(request: Request) -> str:
    """`<function> <operation>`, or `<function>.<step> <operation>`."""
    return f"{request.function}.{request.step} {request.operation}".replace(". ", " ")


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
    monkeypatch.setenv("BUS_NAME", "bus")
    monkeypatch.setenv("RELAY_DLQ_URL", "none")
    monkeypatch.setenv("FOLD_DLQ_URL", "none")
    monkeypatch.setattr(fold_balances, "balances", BalanceRepository())
    monkeypatch.setattr(list_products, "listings", ListingRepository())
    with started(monkeypatch) as shop:
        monkeypatch.setattr(shop, "post", partial(shop.post, request_id=REQUEST_ID))
        dynamodb.create("balances")
        boto3.client("events", region_name="us-east-1").create_event_bus(Name="bus")
        shop.wire.functions |= {
            "catalog.list_products": list_products.handler,
            "inventory.check_stock": check_stock.handler,
            RELAY: relay.handler,
            FOLD: fold_balances.handler,
        }
        yield Meter(shop)
