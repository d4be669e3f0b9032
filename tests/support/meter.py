"""Counts what one act of a journey uses of AWS, before its answer and after it.

Read and write units are computed from the items; streams and queues bring one record at a time,
which is what a quiet shop pays and a busy one does not.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import pytest
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from benchmarks.cost.counts import Counts, Kind, Usage, owner, requests_to
from catalog.api import list_products
from catalog.repository.listings import ListingRepository
from payments import wiring
from payments.clients.secret import SecretReader
from shop import user_keys
from shop.deploy import discover
from tests.support.capacity import Item, index_units, read_units, size, write_units
from tests.support.checkout_scenario import CheckoutScenario, cold_start, started
from tests.support.dynamodb import TABLES
from tests.support.interceptor import Request
from tests.support.watch import Watch, watching

REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"  # as long as API Gateway's: rows keep it
QUEUE_REQUESTS = 3  # of a message: sent by the bus, received and deleted by the mapping
EVENT_BYTES = 64 * 1024  # of which each is billed as an event
# What is not DynamoDB's is named; executions and transitions of machines are counted instead.
SERVICES = {
    "dynamodb": "",
    "dynamodbstreams": "DynamoDBStreams.",
    "kms": "KMS.",
    "events": "EventBridge.",
    "sqs": "SQS.",
    "secretsmanager": "SecretsManager.",
    "s3": "S3.",
    "ses": "SES.",
}
MACHINES = "states"
TEST = "test"  # What a test asks for itself is nobody's.
KNOWN = {
    *("GetItem", "Query", "BatchGetItem"),
    *("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"),
}


@dataclass(frozen=True)
class Write:
    """One item of a request."""

    table: str
    key: Item
    put: Item | None
    before: Item | None


class Meter:
    """Listens to a journey's interceptor."""

    def __init__(self, shop: CheckoutScenario, watch: Watch, secret: SecretReader) -> None:
        self.shop, self.watch, self._secret = shop, watch, secret
        shop.stack.stream_batch = shop.stack.queue_batch = 1
        self._writes: dict[int, list[Write]] = {}
        self._read_units: dict[str, float] = defaultdict(float)
        self._write_units: Counter[str] = Counter()
        self._psp_calls: Counter[str] = Counter()
        self.listen()

    def listen(self) -> None:
        """Hear every request from now on."""
        self.shop.interceptor.intercept = self
        self.shop.psp.before_call = self._psp_called

    def measure(self, act: Callable[[], Any], kind: Kind = "route") -> Usage:
        """Of one act, and of all that follows from it."""
        self.settle()
        now = self._count(act)
        return Usage(kind=kind, now=now, later=self._count(self.settle))

    def settle(self) -> None:
        """Bring rows to the relay, and events to their consumers."""
        self.shop.deliver()

    def new_processes(self) -> None:
        """Forget what functions keep between invocations: keys, secrets, bounds of lists."""
        cold_start()
        self._secret.forget()
        list_products.listings = ListingRepository()

    def __call__(self, request: Request, when: str) -> None:
        if request.function == TEST:
            return
        assert request.operation in KNOWN, f"the units of {request.operation} are not known"
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
                index_units(write.before, after, (index.partition, index.sort), index.project)
                for index in TABLES[write.table].values()
            )

    def _psp_called(self, call: str) -> None:
        here = self.shop.interceptor.here
        self._psp_calls[f"{here.function}.{here.step} {call}"] += 1

    def _transitions(self) -> int:
        """States that executions of all machines have entered."""
        machines = self.shop.stack.machines.values()
        return sum(len(entered) for machine in machines for entered in machine.executions)

    def _count(self, act: Callable[[], Any]) -> Counts:
        interceptor, before = self.shop.interceptor, self._transitions()
        interceptor.reset()
        self.watch.log_bytes.clear()
        self._read_units.clear()
        self._write_units.clear()
        self._psp_calls.clear()
        act()
        invoked = Counter(interceptor.invoked())
        others = [each for each in interceptor.others if each.function != TEST]
        counts = Counts(
            api_requests=_of_kind("route", invoked),
            invocations=dict(invoked),
            requests=_requests(interceptor.requests),
            read_units=dict(self._read_units),
            write_units=dict(self._write_units),
            executions=dict(Counter(each.by for each in others if each.service == MACHINES)),
            transitions=self._transitions() - before,
            events=sum(map(_events, others)),
            psp_calls=dict(self._psp_calls),
            log_bytes=dict(self.watch.log_bytes),
        )
        messages = sum(n for name, n in invoked.items() if owner(name) in discover().consumers)
        queues = QUEUE_REQUESTS * messages + requests_to("SQS", counts)
        return counts.plus(Counts(queue_requests=queues))


def _of_kind(kind: str, invoked: Counter[str]) -> int:
    return sum(n for name, n in invoked.items() if discover().functions[owner(name)].kind == kind)


def _events(request: Request) -> int:
    if request.operation != "PutEvents":
        return 0
    return sum(ceil(len(each["Detail"]) / EVENT_BYTES) for each in request.body["Entries"])


def _requests(requests: list[Request]) -> dict[str, int]:
    sent = (r for r in requests if r.service not in ("lambda", MACHINES) and r.function != TEST)
    return dict(Counter(f"{r.by} {SERVICES[r.service]}{r.operation}" for r in sent))


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
    stored = dynamodb_backends["123456789012"]["us-east-1"].tables[table]
    pk, sk = (DynamoType(dict(key[name])) for name in ("pk", "sk"))
    if pk not in stored.items:  # Asking for it would make it.
        return None
    item = stored.get_item(pk, sk)
    return None if item is None else deepcopy(item.to_json()["Attributes"])


def _read_units(request: Request) -> float:
    body, answer = request.body, request.answer
    consistent = body.get("ConsistentRead", False)
    if request.operation == "GetItem":
        return read_units([size(answer.get("Item", {}))], consistent=consistent)
    if request.operation == "Query":  # All of a page together.
        assert answer["Count"] == answer["ScannedCount"], "what a filter drops is billed, too"
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
    """A shop as after a cold start, whose payment steps read the provider's secret."""
    with started(monkeypatch) as shop:
        monkeypatch.setattr(shop, "post", partial(shop.post, request_id=REQUEST_ID))
        monkeypatch.setattr(list_products, "listings", ListingRepository())
        # Only new processes ask for a customer's key: here all functions share what is kept.
        monkeypatch.setattr(user_keys, "_kept", {})
        secret = SecretReader(os.environ["PSP_SECRET_ARN"])
        # The simulator needs no key, but functions read it before they ask the real one.
        monkeypatch.setattr(wiring, "open_psp", lambda: (secret(), shop.psp)[1])
        with watching(shop) as watch:
            yield Meter(shop, watch, secret)
