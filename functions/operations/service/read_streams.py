"""Read what the streams have that is new, up to one moment that is the same for all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from operations.domain.changes import Change
from operations.service.ports import Checkpoints, Cursor, Shard, Streams, StreamTrimmed
from shop import clock

# A stream may answer with empty pages before one that has something. The adapter goes on behind
# them in the next run, so two are enough for a look.
EMPTY_PAGES = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read of one shard, and where that leads to."""

    changes: Sequence[Change]
    before: Cursor
    cursor: Cursor
    drained: bool  # there is no more, up to the moment


@dataclass(frozen=True, slots=True)
class Reading:
    """One round over all streams."""

    batches: Sequence[Batch]
    epochs: dict[str, str]  # of the tables whose epoch begins with this round
    undrained: frozenset[str]  # tables

    @property
    def changes(self) -> Iterator[Change]:
        return (change for batch in self.batches for change in batch.changes)


def read(
    streams: Streams,
    checkpoints: Checkpoints,
    *,
    tables: Iterable[str],
    until: datetime,
    limit: int,
) -> Reading:
    """At most about `limit` changes. Where the stream has forgotten some, a new epoch begins."""
    batches: list[Batch] = []
    epochs: dict[str, str] = {}
    undrained: set[str] = set()
    for table in tables:
        found = streams.shards(table)
        lost = _lost(table, found, checkpoints)
        torn = bool(lost) or table not in checkpoints.epochs
        batches += lost
        ended = {
            shard
            for (name, shard), each in checkpoints.cursors.items()
            if each.done and name == table
        }
        for shard in found:
            cursor = checkpoints.cursors.get((table, shard.id), Cursor(table, shard.id))
            if cursor.done:
                continue
            left = limit - sum(len(batch.changes) for batch in batches)
            if left <= 0 or _waits(shard, found, ended):
                undrained.add(table)
                continue
            batch, gap = _read_shard(streams, cursor, until=until, limit=left)
            torn |= gap
            batches.append(batch)
            ended |= {shard.id} if batch.cursor.done else set()
            undrained |= set() if batch.drained else {table}
        if torn:
            epochs[table] = clock.rfc3339(until)
    return Reading(batches, epochs, frozenset(undrained))


def _lost(table: str, found: Sequence[Shard], checkpoints: Checkpoints) -> list[Batch]:
    """Shards that went before they were read to their end."""
    listed = {shard.id for shard in found}
    return [
        Batch((), cursor, replace(cursor, done=True), drained=True)
        for (name, shard), cursor in checkpoints.cursors.items()
        if name == table and not cursor.done and shard not in listed
    ]


def _waits(shard: Shard, found: Sequence[Shard], ended: set[str]) -> bool:
    """Changes of a row go on in the child: the parent comes first."""
    return shard.parent in {other.id for other in found} and shard.parent not in ended


def _read_shard(
    streams: Streams, cursor: Cursor, *, until: datetime, limit: int
) -> tuple[Batch, bool]:
    """What the shard has, and whether the stream has forgotten what came first of that."""
    try:
        return _read_on(streams, cursor, cursor, until=until, limit=limit), False
    except StreamTrimmed:
        first = replace(cursor, sequence="")
        return _read_on(streams, cursor, first, until=until, limit=limit), True


def _read_on(
    streams: Streams, before: Cursor, start: Cursor, *, until: datetime, limit: int
) -> Batch:
    changes: list[Change] = []
    end, empty = clock.rfc3339(until), 0
    drained = done = True
    for page in streams.pages(start.table, start.shard, after=start.sequence):
        new = list(takewhile(lambda change: change.at <= end, page.changes))
        changes += new
        empty = 0 if page.changes else empty + 1
        done = page.closed and len(new) == len(page.changes)
        if done or len(new) < len(page.changes) or empty == EMPTY_PAGES:
            break
        if len(changes) >= limit:
            drained = False
            break
    last = start
    if changes:
        last = replace(start, sequence=changes[-1].sequence, at=changes[-1].at)
    return Batch(changes, before, replace(last, done=done), drained)
