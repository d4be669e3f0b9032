"""What AWS does between functions: streams to the relay, bus, rules, queues, machines.

Bus, rules and queues are moto's; what a mapping does with a stream or a queue is done here, by the
rules of Lambda: a batch of a stream is repeated until it succeeds, a message of a queue comes again
until it was received too often, an execution is started at least once.
"""

import functools
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import boto3
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from shop.deploy import discover
from tests.support import dynamodb
from tests.support.interceptor import FunctionFailed, Interceptor
from tests.support.machines import ACCOUNT, REGION, Machine

BUS = "bus"
PLATFORM = discover()
RELAY = PLATFORM.relay.id
PARKING = (str(PLATFORM.relay.parks).removesuffix("_URL"),)  # what streams bring in vain
RECEIVES = 6  # of a message, before it is parked: fewer than in AWS, for a run has no days
STREAM_ATTEMPTS = 12


@dataclass(frozen=True)
class Delivery:
    """Something that comes by itself: a stream's batch, messages of a queue, an execution."""

    kind: Literal["stream", "queue", "execution", "webhook"]
    target: str  # a function, or a machine
    source: str
    about: tuple[str, ...]  # what it is, for people: event types, a mode
    act: Callable[[], object] = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """`orders.record_timeline <- order.placed`."""
        return f"{self.target} <- {self.source or '+'.join(self.about)}"


KINDS = ("stream", "queue", "execution")
Carry = Callable[[Delivery], None]


def straight(delivery: Delivery) -> None:
    """Bring it once, now."""
    delivery.act()


@dataclass
class Stack:
    """The platform's own machinery for one run."""

    interceptor: Interceptor
    machine: Machine
    carry: Carry = straight
    machines: dict[str, Machine] = field(default_factory=dict)  # that one and others, by name
    undelivered: list[str] = field(default_factory=list)  # target and what it was, if parked
    backwards: bool = False  # queues give their newest message first
    stream_batch: int = 25  # as infra/constructs/stream_mapping.py
    queue_batch: int = 5  # as infra/constructs/event_consumer.py
    held: set[tuple[str, str]] = field(default_factory=set)  # mappings (target, table) that pause
    _read: dict[tuple[str, str], int] = field(default_factory=dict)
    _tries: dict[tuple[str, str], int] = field(default_factory=dict)
    _executions: deque[tuple[str, dict[str, Any]]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.interceptor.run_machine = lambda name, data: self.machines[name].run(data)
        self.interceptor.start_machine = lambda name, data: self._executions.append((name, data))
        self.machines.setdefault(self.machine.name, self.machine)
        self._queues = sqs_backends[ACCOUNT][REGION]
        self._tables = dynamodb_backends[ACCOUNT][REGION].tables
        events = boto3.client("events", region_name=REGION)
        events.create_event_bus(Name=BUS)
        for consumer, heard in PLATFORM.consumers.items():
            self._connect(events, consumer, heard)

    def _connect(self, events: Any, consumer: str, heard: tuple[str, ...]) -> None:
        name = _queue_of(consumer)
        dead = self._queues.create_queue(f"{name}-dlq", {})
        redrive = {"deadLetterTargetArn": dead.queue_arn, "maxReceiveCount": RECEIVES}
        queue = self._queues.create_queue(name, {}, RedrivePolicy=json.dumps(redrive))
        pattern = {"detail-type": [_match(each) for each in heard]}
        events.put_rule(Name=name, EventBusName=BUS, EventPattern=json.dumps(pattern))
        target = {"Id": "queue", "Arn": queue.queue_arn}
        events.put_targets(Rule=name, EventBusName=BUS, Targets=[target])

    def deliver(self, *kinds: str) -> None:
        """Bring everything (of these kinds), and what comes of it, until there is nothing left."""
        while delivery := next(self._waiting(kinds or KINDS), None):
            self.carry(delivery)

    def execute(self) -> None:
        """Run the executions that were started, and nothing else."""
        while self._executions:
            name, data = self._executions.popleft()
            self.machines[name].run(data)

    def drop_executions(self) -> None:
        """What was started and has not run stands still."""
        self._executions.clear()

    def forget(self) -> None:
        """Empty queues, whatever stands in the streams is read."""
        self.clear_parking()
        for consumer in PLATFORM.consumers:
            for name in (_queue_of(consumer), f"{_queue_of(consumer)}-dlq"):
                queue = self._queues.get_queue(name)
                queue._messages, queue._pending_messages = [], set()
                queue.deleted_messages.clear()
        self.undelivered.clear()
        self.held.clear()
        self._tries.clear()
        self._executions.clear()
        for table, function in self._mappings():
            self._read[table, function] = len(self._records(table))

    def clear_parking(self, *consumers: str) -> None:
        """Somebody has looked at what the relay parked, and at the dead letters of consumers."""
        for name in (*PARKING, *(f"{_queue_of(each)}-dlq" for each in consumers)):
            queue = self._queues.get_queue(name)
            queue._messages, queue._pending_messages = [], set()

    def parked(self) -> Iterator[str]:
        """What stands in dead-letter queues."""
        yield from self.undelivered
        for name in PARKING:
            for message in self._queues.get_queue(name).messages:
                yield f"{name} {json.loads(message.body)['reason']}"
        for consumer in PLATFORM.consumers:
            for message in self._queues.get_queue(f"{_queue_of(consumer)}-dlq").messages:
                yield f"{consumer} {json.loads(message.body)['detail-type']}"

    def _mappings(self) -> Iterator[tuple[str, str]]:
        for table in PLATFORM.publishing:
            yield table, RELAY

    def _waiting(self, kinds: Sequence[str]) -> Iterator[Delivery]:
        if "stream" in kinds:
            yield from self._streams()
        if "queue" in kinds:
            for consumer in PLATFORM.consumers:
                yield from self._queue(consumer)
        if "execution" in kinds and self._executions:
            name, data = self._executions.popleft()
            act = functools.partial(self.machines[name].run, data)
            yield Delivery("execution", name, "", (data.get("mode", ""),), act)

    def _streams(self) -> Iterator[Delivery]:
        for table, function in self._mappings():
            if (function, table) not in self.held:
                yield from self._stream(table, function)

    def _records(self, table: str) -> list[Any]:
        shard: Any = self._tables[table].stream_shard
        found: list[Any] = shard.items
        return found

    def _stream(self, table: str, function: str) -> Iterator[Delivery]:
        """Changes with an event, as infra/constructs/stream_mapping.py filters them."""
        start = self._read.get((table, function), 0)
        end = len(self._records(table))
        new = [each.to_json() for each in self._records(table)[start:end]]
        batch = [each for each in dynamodb.whole(new) if _tells(each)][: self.stream_batch]
        if not batch:
            self._read[table, function] = end
            return
        last = max(i for i, each in enumerate(new) if each is batch[-1])
        act = functools.partial(self._feed, table, function, batch, start + last + 1)
        yield Delivery("stream", function, table, (), act)

    def _feed(self, table: str, function: str, batch: list[Any], end: int) -> None:
        try:
            self.interceptor.call(function, {"Records": batch})
        except Exception:
            tries = self._tries[table, function] = self._tries.get((table, function), 0) + 1
            if tries < STREAM_ATTEMPTS:
                return
            self.undelivered.append(f"{function} {table}")
        self._tries[table, function] = 0
        self._read[table, function] = max(end, self._read.get((table, function), 0))

    def _queue(self, consumer: str) -> Iterator[Delivery]:
        name = _queue_of(consumer)
        queue = self._queues.get_queue(name)
        if not queue._messages:
            return
        if self.backwards:
            queue._messages.reverse()
        messages = self._queues.receive_message(name, self.queue_batch, 0, 30)
        if not messages:
            return
        about = tuple(json.loads(each.body)["detail-type"] for each in messages)
        act = functools.partial(self._consume, consumer, messages)
        yield Delivery("queue", consumer, "", about, act)

    def _consume(self, consumer: str, messages: list[Any]) -> None:
        name = _queue_of(consumer)
        records = [
            {
                "messageId": each.id,
                "body": each.body,
                "attributes": {"ApproximateReceiveCount": str(each.approximate_receive_count)},
            }
            for each in messages
        ]
        try:
            result = self.interceptor.call(consumer, {"Records": records})
            failed = {each["itemIdentifier"] for each in result["batchItemFailures"]}
        except FunctionFailed:
            failed = {each.id for each in messages}
        for message in messages:
            if message.id in failed:
                self._queues.change_message_visibility(name, message.receipt_handle, 0)
            else:
                self._queues.delete_message(name, message.receipt_handle)


def _tells(record: dict[str, Any]) -> bool:
    return "S" in record["dynamodb"].get("NewImage", {}).get("outbox", {})


def _queue_of(consumer: str) -> str:
    return consumer.replace(".", "-")


def _match(name: str) -> Any:
    """As infra/constructs/event_consumer.py: `order.*` means every event of that kind."""
    return {"prefix": name.removesuffix("*")} if name.endswith(".*") else name
