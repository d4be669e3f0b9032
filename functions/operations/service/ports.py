"""What the use cases need: the streams, rows by their keys, the state of the checks, the bus."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from operations.domain.aggregates import Aggregate, Key
from operations.domain.changes import Change
from operations.domain.open_violations import OpenViolation, ViolationUpdate
from operations.domain.outbox_event import OutboxEvent
from shop.events import Event
from shop.invariants import Ref, Row


class StreamTrimmed(Exception):
    """The stream has forgotten what comes after this position."""


class IteratorExpired(Exception):
    """This place in a shard is not remembered any more: open the shard anew."""


class StreamBusy(Exception):
    """The stream answers no more requests just now."""


class FencedOut(Exception):
    """Another run has begun: this one may write nothing more."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a stream; it is read when its parent was read to its end. It has nothing from
    before `begun_at`, RFC 3339.
    """

    id: str
    parent: str = ""
    begun_at: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Changes in order. `iterator` led here and `next` leads on; without it the shard has no more,
    for ever.
    """

    changes: Sequence[Change]
    iterator: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a shard was read. Times are RFC 3339: `at` of the last change, `read_to` of what is
    known to be read whole, `ended_at` when the shard was found to have no more.
    """

    table: str
    shard: str
    sequence: str = ""
    at: str = ""
    read_to: str = ""
    iterator: str = ""
    ended_at: str = ""


@dataclass(slots=True)
class Checkpoints:
    """Where the reading stands: cursors by table and shard, and since when there was no gap."""

    cursors: dict[tuple[str, str], Cursor] = field(default_factory=dict)
    epochs: dict[str, str] = field(default_factory=dict)


class Streams(Protocol):
    """The streams of the audited tables. Raises StreamBusy."""

    def shards(self, table: str) -> Sequence[Shard]:
        """All that there are, in any order."""

    def pages(self, table: str, shard: str, *, after: str, iterator: str = "") -> Iterator[Page]:
        """What comes at this iterator, or after this sequence number, or from the first.

        Any number of pages may be empty. Raises StreamTrimmed, IteratorExpired.
        """


class RelatedRows(Protocol):
    """Rows of the audited tables, by their keys."""

    def load(self, refs: Iterable[Ref]) -> Mapping[Ref, Sequence[Row]]:
        """The rows of each; an empty list for what is not there."""

    def count(self, partition: Ref, column: str) -> int:
        """The sum of a column of a whole partition: as many requests as megabytes."""


class AuditStore(Protocol):
    """The auditor's own table. Only the run that began last may write to it."""

    def begin(self) -> None:
        """From now on every other run is FencedOut."""

    def checkpoints(self) -> Checkpoints:
        """Where the reading stands."""

    def open_violations(self, *, limit: int) -> Sequence[OpenViolation]:
        """Those that are open, the oldest first."""

    def aggregates(self, keys: Iterable[Key]) -> Sequence[Aggregate]:
        """Those that there are."""

    def commit(
        self,
        aggregates: Iterable[Aggregate],
        *,
        cursors: Iterable[Cursor] = (),
        epochs: Mapping[str, str] | None = None,
    ) -> None:
        """Store all together, 99 things at most; raises FencedOut."""

    def save(self, step: ViolationUpdate, event: Event | None) -> bool:
        """Store what became of a violation with its event; False if it is not as it was before."""

    def publish(self, report: Mapping[str, Any]) -> None:
        """Store what the route answers."""


class Bus(Protocol):
    """The event bus."""

    def put(self, batch: Sequence[OutboxEvent]) -> Mapping[int, str]:
        """Error codes of the entries that were not taken, by position.

        Raises PublishRejected for what the bus will never take, anything else for no answer.
        """


class DeadLetters(Protocol):
    """The queue of what could not be published."""

    def __call__(self, message: dict[str, Any], /) -> None:
        """Keep it; raises if it cannot be kept."""
