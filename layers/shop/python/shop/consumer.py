"""Queue consumers: rule -> queue -> function, one bad message fails alone.

The function returns the ids of failed messages (ReportBatchItemFailures): SQS delivers those again
and, after `maxReceiveCount`, parks them in the dead-letter queue.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from shop import retry, telemetry, trace
from shop.events import Envelope, EventView
from shop.invocation import invoked

V = TypeVar("V", bound=EventView)
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class UnknownVersion(Exception):
    """An event of a version that this consumer was not written for; nothing about it is guessed."""


def entrypoint(name: str, consume: Callable[[Envelope[V]], str], *, reads: type[V]) -> Handler:
    """A Lambda handler that hands each event to `consume`, as the view `reads` of it.

    `consume` returns a word for the log (`posted`, `already`, `ignored`) and raises on a fault.
    """

    @invoked
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        failures = [
            {"itemIdentifier": record["messageId"]}
            for record in event["Records"]
            if not _consume_one(name, consume, reads, record)
        ]
        return {"batchItemFailures": failures}

    return handler


def read(detail: dict[str, Any], view: type[V]) -> Envelope[V]:
    """The event, if its version is known; raises UnknownVersion or pydantic.ValidationError.

    What is unknown within a version is passed over: versions grow by what readers may ignore.
    """
    if detail["version"] not in view.VERSIONS:
        raise UnknownVersion(detail["type"])
    return Envelope[view].model_validate(detail)  # type: ignore[valid-type]


def _consume_one(
    name: str, consume: Callable[[Envelope[V]], str], view: type[V], record: dict[str, Any]
) -> bool:
    fields: dict[str, Any] = {"consumer": name, "message_id": record["messageId"]}
    try:
        with telemetry.stopwatch() as timer, retry.budget():
            detail = json.loads(record["body"])["detail"]
            fields |= {"event_id": detail["id"], "event_type": detail["type"]}
            telemetry.bind(trace.start(detail.get("traceparent")))
            outcome = consume(read(detail, view))
    except Exception as error:  # Any fault fails this message alone; SQS brings it again.
        telemetry.fault("event failed", error, **fields)
        telemetry.count("EventFailed", consumer=name)
        if isinstance(error, UnknownVersion):
            telemetry.count("EventVersionUnknown", consumer=name)
        return False
    telemetry.logger.info("event consumed", extra=fields | {"outcome": outcome, **timer})
    return True
