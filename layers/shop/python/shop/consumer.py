"""Queue consumers: rule -> queue -> function, one bad message fails alone.

The function returns the ids of failed messages (ReportBatchItemFailures): SQS delivers those again
and, after `maxReceiveCount`, parks them in the dead-letter queue.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from shop import telemetry, trace

Consume = Callable[[dict[str, Any]], str]
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
T = TypeVar("T")


def entrypoint(name: str, consume: Consume) -> Handler:
    """A Lambda handler that hands each event's envelope to `consume`.

    `consume` returns a word for the log (`posted`, `already`, `ignored`) and raises on a fault.
    """

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        failures = [
            {"itemIdentifier": record["messageId"]}
            for record in event["Records"]
            if not _consume_one(name, consume, record)
        ]
        return {"batchItemFailures": failures}

    return handler


def _consume_one(name: str, consume: Consume, record: dict[str, Any]) -> bool:
    fields: dict[str, Any] = {"consumer": name, "message_id": record["messageId"]}
    try:
        with telemetry.stopwatch() as timer:
            envelope = json.loads(record["body"])["detail"]
            fields |= {"event_id": envelope["id"], "event_type": envelope["type"]}
            telemetry.bind(trace.start(envelope.get("traceparent")))
            outcome = consume(envelope)
    except Exception as error:  # Any fault fails this message alone; SQS brings it again.
        telemetry.fault("event failed", error, **fields)
        telemetry.count("EventFailed", consumer=name)
        return False
    telemetry.logger.info("event consumed", extra=fields | {"outcome": outcome, **timer})
    return True


def batch_entrypoint(
    name: str, read: Callable[[dict[str, Any]], T], consume: Callable[[Sequence[T]], str]
) -> Handler:
    """A Lambda handler that hands all events of a batch to `consume` together.

    `read` makes what `consume` takes of an envelope; an event that it cannot read fails alone. If
    `consume` raises, all that it was given comes again, so it has to have its effect once.
    """

    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        taken: dict[str, T] = {}
        failed: list[str] = []
        for record in event["Records"]:
            try:
                envelope = json.loads(record["body"])["detail"]
                telemetry.bind(trace.start(envelope.get("traceparent")))
                taken[record["messageId"]] = read(envelope)
            except Exception as error:  # It fails alone; SQS brings it again.
                _failed(name, error, [record["messageId"]])
                failed.append(record["messageId"])
        if taken and not _consume_all(name, consume, taken):
            failed += taken
        return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in failed]}

    return handler


def _consume_all(name: str, consume: Callable[[Sequence[T]], str], taken: dict[str, T]) -> bool:
    fields = {"consumer": name, "message_ids": [*taken]}
    try:
        with telemetry.stopwatch() as timer:
            outcome = consume([*taken.values()])
    except Exception as error:  # SQS brings all of them again.
        _failed(name, error, [*taken])
        return False
    telemetry.logger.info("events consumed", extra=fields | {"outcome": outcome, **timer})
    return True


def _failed(name: str, error: Exception, message_ids: list[str]) -> None:
    telemetry.fault("events failed", error, consumer=name, message_ids=message_ids)
    telemetry.count("EventFailed", len(message_ids), consumer=name)
