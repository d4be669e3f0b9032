"""The tables' streams -> the event bus: publishes the events that changed rows carry."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from botocore.exceptions import ClientError

from operations.domain.outbox_event import OutboxEvent
from operations.service import relay_events
from operations.service.relay_events import PublishRejected
from shop import aws, telemetry
from shop.jobs import stream
from shop.text import compact_json


def publish(records: list[dict[str, Any]]) -> dict[str, int]:
    """Relay one batch of stream records."""
    bus = EventBus(os.environ["BUS_NAME"])
    dead_letters = Queue(os.environ["RELAY_DLQ_URL"])
    report = relay_events.relay(records, bus=bus, park=dead_letters, sleep=time.sleep)
    if report.parked:
        telemetry.emit_metric("RelayParked", report.parked)
    return asdict(report)


class EventBus:
    """PutEvents. It answers 200 even when it drops entries, so each entry's answer is read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def put(self, batch: Sequence[OutboxEvent]) -> Mapping[int, str]:
        """Error codes of the entries that were not taken, by position."""
        entries = [publication.entry(self._name) for publication in batch]
        try:
            result = aws.client("events").put_events(Entries=entries)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            code = error.response.get("Error", {}).get("Code", "")
            # Only a request that is wrong in itself; being turned away for load or rights ends.
            if status == 400 and code in ("ValidationException", "ValidationError"):
                raise PublishRejected(code) from error
            raise
        if not result.get("FailedEntryCount"):
            return {}
        return {
            index: entry["ErrorCode"]
            for index, entry in enumerate(result["Entries"])
            if entry.get("ErrorCode")
        }


class Queue:
    """The relay's dead-letter queue."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, message: dict[str, Any]) -> None:
        """Keep the message; raises if it cannot be kept."""
        body = compact_json(message)
        aws.client("sqs").send_message(QueueUrl=self._url, MessageBody=body)


handler = stream("relay", publish, fault="RelayFault")
