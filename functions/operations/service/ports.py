"""What the auditor needs: the streams, rows by their keys, and a place for its own notes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from operations.domain.changes import Change
from operations.domain.suspects import Step, Suspect
from operations.domain.tallies import Key, Tally
from shop.events import Event
from shop.invariants import Ref, Row


class Gap(Exception):
    """The stream has forgotten what comes after this position."""


class Outrun(Exception):
    """Another run has begun: this one may write nothing more."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a stream; it is read when its parent was read to its end."""

    id: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Changes in order. After a `closed` page the shard has no more, for ever."""

    changes: Sequence[Change]
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a shard was read. `at` is the time of the last change, RFC 3339."""

    table: str
    shard: str
    sequence: str = ""
    at: str = ""
    done: bool = False


@dataclass(slots=True)
class Marks:
    """Where the reading stands: cursors by table and shard, and since when there was no gap."""

    cursors: dict[tuple[str, str], Cursor] = field(default_factory=dict)
    epochs: dict[str, str] = field(default_factory=dict)


class Streams(Protocol):
    """The streams of the audited tables."""

    def shards(self, table: str) -> Sequence[Shard]:
        """All that there are, parents before their children."""

    def pages(self, table: str, shard: str, *, after: str) -> Iterator[Page]:
        """What comes after this sequence number, from the first on without one; raises Gap."""


class Evidence(Protocol):
    """Rows of the audited tables, by their keys."""

    def load(self, refs: Iterable[Ref]) -> Mapping[Ref, Sequence[Row]]:
        """The rows of each; an empty list for what is not there."""

    def count(self, partition: Ref, column: str) -> int:
        """The sum of a column of a whole partition: as many requests as megabytes."""


class Notes(Protocol):
    """The auditor's own table. Only the run that began last may write to it."""

    def begin(self) -> None:
        """From now on every other run is Outrun."""

    def marks(self) -> Marks:
        """Where the reading stands."""

    def suspects(self, *, limit: int) -> Sequence[Suspect]:
        """Those that are open, the oldest first."""

    def tallies(self, keys: Iterable[Key]) -> Sequence[Tally]:
        """Those that there are."""

    def commit(
        self,
        tallies: Iterable[Tally],
        *,
        cursor: Cursor | None = None,
        epochs: Mapping[str, str] | None = None,
    ) -> None:
        """Store all together, 98 tallies at most (99 without a cursor); raises Outrun."""

    def save(self, step: Step, event: Event | None) -> bool:
        """Store what became of a suspect with its event; False if it is not as it was before."""

    def publish(self, report: Mapping[str, Any]) -> None:
        """Store what the route answers."""
