"""What goes on the bus: entries of at most ten, within the bus's size, made from stream records.

Pure: the stream's record in, the bus's entry out.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MAX_ENTRIES = 10
MAX_BYTES = 256 * 1024  # of all entries of a request together
# What a dead-letter message may carry of an event; a longer one is only named.
MAX_PARKED_BYTES = 200 * 1024
_TIME_BYTES = 14  # how EventBridge counts an entry's time


class MalformedEvent(ValueError):
    """Something in an outbox that can never be published."""


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One event on its way from an outbox to the bus."""

    id: str
    type: str
    producer: str
    occurred_at: datetime
    detail: str
    origin: dict[str, Any]  # the row's keys and its table's stream, for whoever repairs

    @property
    def size(self) -> int:
        """Bytes as EventBridge counts them."""
        return _TIME_BYTES + sum(
            len(text.encode()) for text in (self.producer, self.type, self.detail)
        )

    def entry(self, bus: str) -> dict[str, Any]:
        """The entry for PutEvents."""
        return {
            "EventBusName": bus,
            "Source": self.producer,
            "DetailType": self.type,
            "Detail": self.detail,
            "Time": self.occurred_at,
        }


def origin(record: dict[str, Any]) -> dict[str, Any]:
    """Where a record came from."""
    return {
        "stream": record.get("eventSourceARN"),
        "keys": (record.get("dynamodb") or {}).get("Keys"),
    }


def outbox_events(record: dict[str, Any]) -> list[OutboxEvent | MalformedEvent]:
    """The events that a stream record carries, or why one of them is none, in their order."""
    image = (record.get("dynamodb") or {}).get("NewImage") or {}
    if "outbox" not in image:
        return []
    try:
        envelopes = json.loads(image["outbox"]["S"])
        if not isinstance(envelopes, list):
            raise TypeError("not a list")
    except (KeyError, TypeError, ValueError) as error:
        return [MalformedEvent(f"not a list of envelopes: {type(error).__name__}")]
    found: list[OutboxEvent | MalformedEvent] = []
    for envelope in envelopes:
        try:
            found.append(_publication(envelope, origin(record)))
        except MalformedEvent as error:
            found.append(error)
    return found


def _publication(envelope: Any, origin_: dict[str, Any]) -> OutboxEvent:
    try:
        found = OutboxEvent(
            id=envelope["id"],
            type=envelope["type"],
            producer=envelope["producer"],
            occurred_at=datetime.fromisoformat(envelope["occurred_at"]),
            detail=json.dumps(envelope, separators=(",", ":"), ensure_ascii=False),
            origin=origin_,
        )
        size = found.size
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedEvent(f"not an envelope: {type(error).__name__}") from error
    if size > MAX_BYTES:
        raise MalformedEvent(f"{size} bytes are more than the bus takes")
    return found


def batches(found: Iterable[OutboxEvent]) -> Iterator[Sequence[OutboxEvent]]:
    """In order, as many at once as one request may carry."""
    batch: list[OutboxEvent] = []
    size = 0
    for each in found:
        if batch and (len(batch) == MAX_ENTRIES or size + each.size > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each.size
    if batch:
        yield batch


def parked(publication: OutboxEvent, reason: str) -> dict[str, Any]:
    """A dead-letter message that can be put on the bus again as it stands."""
    return {
        "reason": reason,
        "source": publication.producer,
        "detail-type": publication.type,
        "detail": json.loads(publication.detail)
        if len(publication.detail.encode()) <= MAX_PARKED_BYTES
        else {"id": publication.id},
        "origin": publication.origin,
    }
