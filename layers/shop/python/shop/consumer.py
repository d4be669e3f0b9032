"""Queue consumers: rule -> queue -> function, one bad message fails alone.

The function returns the ids of failed messages (ReportBatchItemFailures): SQS delivers those again
and, after `maxReceiveCount`, parks them in the dead-letter queue.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from shop import retry, telemetry, trace
from shop.events import Envelope, EventView
from shop.invocation import invoked

# A message that SQS has brought more often is stuck. What is tried for hours is parked before; what
# is tried for days is told of a day and more before it is (tests compare it with shop.deploy).
STUCK_AFTER = 20
V = TypeVar("V", bound=EventView)
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
T = TypeVar("T")


class UnknownVersion(Exception):
    """An event of a version that this consumer was not written for; nothing about it is guessed."""


class UnknownType(Exception):
    """An event of a type that this consumer was not written for; nothing about it is guessed."""


@dataclass(frozen=True, slots=True)
class On(Generic[V]):
    """What a consumer does with events of the types of `view`.

    `consume` returns a word for the log (`posted`, `already`, `ignored`) and raises on a fault.
    """

    view: type[V]
    consume: Callable[[Envelope[V]], str]

    def run(self, detail: dict[str, Any]) -> str:
        """Read the event, consume it."""
        return self.consume(read(detail, self.view))


def entrypoint(name: str, *on: On[Any]) -> Handler:
    """A Lambda handler that consumes each event as its type asks for."""

    @invoked
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        failures = [
            {"itemIdentifier": record["messageId"]}
            for record in event["Records"]
            if not _consume_one(name, on, record)
        ]
        return {"batchItemFailures": failures}

    return _reading(handler, *(each.view for each in on))


def read(detail: dict[str, Any], view: type[V]) -> Envelope[V]:
    """The event, if its type and version are known; else UnknownType, UnknownVersion or
    pydantic.ValidationError.

    What is unknown within a version is passed over: versions grow by what readers may ignore.
    """
    if not view.hears(detail["type"]):
        raise UnknownType(detail["type"])
    if detail["version"] not in view.VERSIONS:
        raise UnknownVersion(detail["type"])
    return Envelope[view].model_validate(detail)  # type: ignore[valid-type]


def _consume_one(name: str, on: Sequence[On[Any]], record: dict[str, Any]) -> bool:
    fields = _arrived(record)
    try:
        with telemetry.stopwatch() as timer, retry.budget():
            detail = _detail(record, fields)
            outcome = _chosen(on, detail["type"]).run(detail)
    except Exception as error:  # Any fault fails this message alone; SQS brings it again.
        _failed(name, error, fields)
        return False
    extra = {"consumer": name, **fields, "outcome": outcome, **timer}
    telemetry.logger.info("event consumed", extra=extra)
    return True


def _chosen(on: Sequence[On[Any]], type_: str) -> On[Any]:
    for each in on:
        if each.view.hears(type_):
            return each
    raise UnknownType(type_)


def batch_entrypoint(
    name: str,
    take: Callable[[Envelope[V]], T],
    consume: Callable[[Sequence[T]], str],
    *,
    reads: type[V],
) -> Handler:
    """A Lambda handler that hands all events of a batch to `consume` together.

    `take` makes what `consume` needs of the view `reads` of an event; one that cannot be read or
    taken fails alone. If `consume` raises, all that it was given comes again, so it has to have its
    effect once.
    """

    @invoked
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        taken: dict[str, T] = {}
        failed: list[str] = []
        for record in event["Records"]:
            fields = _arrived(record)
            try:
                taken[record["messageId"]] = take(read(_detail(record, fields), reads))
            except Exception as error:  # It fails alone; SQS brings it again.
                _failed(name, error, fields)
                failed.append(record["messageId"])
        if taken and not _consume_all(name, consume, taken):
            failed += taken
        return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}

    return _reading(handler, reads)


def _consume_all(name: str, consume: Callable[[Sequence[T]], str], taken: dict[str, T]) -> bool:
    fields: dict[str, Any] = {"message_ids": [*taken]}
    try:
        with telemetry.stopwatch() as timer:
            outcome = consume([*taken.values()])
    except Exception as error:  # SQS brings all of them again.
        _failed(name, error, fields, count=len(taken))
        return False
    extra = {"consumer": name, **fields, "outcome": outcome, **timer}
    telemetry.logger.info("events consumed", extra=extra)
    return True


def _arrived(record: dict[str, Any]) -> dict[str, Any]:
    """What log lines say of a message before it is read. One that is stuck is counted here, not
    where it fails: it may be what ends the process.
    """
    receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    if receives > STUCK_AFTER:
        telemetry.emit_metric("EventStuck", service="all")
    again = {"receives": receives} if receives > 1 else {}
    return {"message_id": record["messageId"], **again}


def _detail(record: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """The event in a message; adds to `fields` what a log line is to say of it."""
    detail: dict[str, Any] = json.loads(record["body"])["detail"]
    fields |= {"event_id": detail["id"], "event_type": detail["type"]}
    telemetry.set_log_context(trace.from_header(detail.get("traceparent")))
    return detail


def _reading(handler: Handler, *views: type[EventView]) -> Handler:
    handler.reads = views  # type: ignore[attr-defined]  # compared with what its queue gets by a test
    return handler


def _failed(name: str, error: Exception, fields: dict[str, Any], *, count: int = 1) -> None:
    telemetry.log_error("event failed", error, consumer=name, **fields)
    telemetry.emit_metric("EventFailed", count, consumer=name)
    if isinstance(error, UnknownVersion):
        telemetry.emit_metric("EventVersionUnknown", consumer=name)
