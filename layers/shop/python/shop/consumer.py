"""Queue consumers: rule -> queue -> function, one bad message fails alone.

The function returns the ids of failed messages (ReportBatchItemFailures): SQS delivers those again
and, after `maxReceiveCount`, parks them in the dead-letter queue.
"""

import json
from collections.abc import Callable
from typing import Any

from shop import telemetry, trace

Consume = Callable[[dict[str, Any]], str]
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


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
