"""Events: one envelope for all, stored in the outbox and put on the bus by the relay.

`{id, type, version, occurred_at, producer, subject, sequence, correlation_id, causation_id,
traceparent, data}`. The id is derived from subject, type and sequence, so a repeated change has
the same event. Ids and money only: no personal data, no token, no card data.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from shop import clock, ids
from shop.text import compact_json
from shop.trace import Trace


class EventData(BaseModel):
    """Base of what an event says. Readers ignore what they do not know (additive changes only)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]  # detail-type, for example order.placed
    VERSION: ClassVar[int] = 1


class MoneyData(BaseModel):
    """An amount inside an event."""

    model_config = ConfigDict(frozen=True)

    amount: int
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]


class EventView(BaseModel):
    """Base of the part that a consumer reads of somebody else's event; the rest is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    # What the view was written for. `order.*` is every event of that kind.
    TYPES: ClassVar[tuple[str, ...]]
    VERSIONS: ClassVar[frozenset[int]] = frozenset({1})

    @classmethod
    def hears(cls, type_: str) -> bool:
        """Whether the view is of events of this type."""
        return any(
            type_.startswith(each.removesuffix("*")) if each.endswith(".*") else type_ == each
            for each in cls.TYPES
        )


D = TypeVar("D", bound=BaseModel)


class Envelope(BaseModel, Generic[D]):
    """What all events have in common, around what one says or what a consumer reads of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    type: str
    version: int
    occurred_at: str
    producer: str
    subject: str
    sequence: int
    correlation_id: str
    causation_id: str
    traceparent: str
    data: D


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is about to be stored."""

    id: str
    occurred: datetime
    body: dict[str, Any]

    def to_json(self) -> str:
        """The envelope as it will be the `detail` on the bus."""
        return compact_json(self.body)


def event(
    data: EventData,
    *,
    producer: str,
    subject: str,
    sequence: int,
    now: datetime,
    trace: Trace,
    causation_id: str = "",
) -> Event:
    """Build it. `subject` is the id that it is about; `sequence` counts up per subject.

    `causation_id` is the id of the event or request that caused this one.
    """
    id_ = ids.derive("evt", subject, data.TYPE, str(sequence), region=ids.region_of(subject))
    body = {
        "id": id_,
        "type": data.TYPE,
        "version": data.VERSION,
        "occurred_at": clock.rfc3339(now),
        "producer": f"shop.{producer}",
        "subject": subject,
        "sequence": sequence,
        "correlation_id": trace.correlation_id,
        "causation_id": causation_id or trace.request_id,
        "traceparent": trace.traceparent,
        "data": data.model_dump(mode="json"),
    }
    return Event(id_, now, body)
