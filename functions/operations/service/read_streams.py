"""Read what the streams have that is new, up to one moment that is the same for all.

A stream does not say where its end is. Any number of pages may be empty before one that has
something, so an empty page proves little: a shard is known to be read up to a moment when it gives
a change from after it, or is closed; else when it gave an empty page for each REACH of time since
the last change, or since it began. Places are kept between runs, so that an idle shard needs two
pages a minute; where one is lost, the shard is behind until it has caught up in this way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from operations.domain.changes import Change
from operations.service.ports import (
    Checkpoints,
    Cursor,
    IteratorExpired,
    Page,
    Shard,
    StreamBusy,
    Streams,
    StreamTrimmed,
)
from shop import clock

# What an empty page leads over, at least. How far is not documented; in an idle stream of its kind
# about 250 pages were seen to lead over 24 hours, some six minutes each.
REACH = timedelta(seconds=45)
EMPTY_PAGES = 50  # of one shard in a round
RETENTION = timedelta(hours=24)  # a stream has nothing that is older


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read of one shard, and where that leads to."""

    changes: Sequence[Change]
    before: Cursor
    cursor: Cursor

    @property
    def moved(self) -> bool:
        """Whether something came of it, be it the end; not only another place to go on from."""
        before = (self.before.sequence, self.before.ended_at)
        return before != (self.cursor.sequence, self.cursor.ended_at)


@dataclass(frozen=True, slots=True)
class Reading:
    """One round over all streams. Times are RFC 3339."""

    until: str
    batches: Sequence[Batch]
    epochs: Mapping[str, str]  # of the tables whose epoch begins with this round
    read_to: Mapping[str, str]  # up to when each table was read, at least

    @property
    def undrained(self) -> frozenset[str]:
        """Tables that may have more from before the moment."""
        return frozenset(table for table, moment in self.read_to.items() if moment < self.until)

    @property
    def changes(self) -> Iterator[Change]:
        return (change for batch in self.batches for change in batch.changes)


@dataclass(frozen=True, slots=True)
class _TableReading:
    batches: Sequence[Batch]
    read_to: str
    is_torn: bool = False  # changes were forgotten before they were read


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
    read_to: dict[str, str] = {}
    for table in tables:
        left = limit - sum(len(batch.changes) for batch in batches)
        found = _read_table(streams, checkpoints, table, until=until, limit=left)
        batches += found.batches
        read_to[table] = found.read_to
        if found.is_torn or table not in checkpoints.epochs:
            epochs[table] = clock.rfc3339(until)
    return Reading(clock.rfc3339(until), batches, epochs, read_to)


def _read_table(
    streams: Streams, checkpoints: Checkpoints, table: str, *, until: datetime, limit: int
) -> _TableReading:
    cursors = {
        shard: cursor for (name, shard), cursor in checkpoints.cursors.items() if name == table
    }
    oldest = clock.rfc3339(until - RETENTION)
    try:
        shards = streams.shards(table)
    except StreamBusy:
        still = [each.read_to for each in cursors.values() if not each.ended_at]
        return _TableReading((), max(oldest, min(still, default="")))
    batches = _lost(shards, cursors, until)
    is_torn = bool(batches)
    moments = [clock.rfc3339(until)]
    for shard in _parents_first(shards):
        parent = cursors.get(shard.parent)
        if parent is None and shard.parent in {other.id for other in shards}:
            continue  # It waits for one that waits.
        began = max(oldest, shard.begun_at, parent.read_to if parent else "")
        cursor = cursors.get(shard.id, Cursor(table, shard.id, read_to=began))
        if cursor.ended_at:
            continue
        if parent is not None and not parent.ended_at:
            continue  # Changes of a row go on in the child: the parent comes first.
        left = limit - sum(len(batch.changes) for batch in batches)
        if left > 0:
            batch, gap = _read_shard(streams, cursor, began=began, until=until, limit=left)
            is_torn |= gap
            batches.append(batch)
            cursor = batch.cursor
        cursors[shard.id] = cursor
        if not cursor.ended_at:
            moments.append(cursor.read_to)
    return _TableReading(batches, min(moments), is_torn)


def _lost(shards: Sequence[Shard], cursors: dict[str, Cursor], until: datetime) -> list[Batch]:
    """Shards that went before they were read to their end."""
    listed = {shard.id for shard in shards}
    ended_at = clock.rfc3339(until)
    return [
        Batch((), cursor, replace(cursor, iterator="", ended_at=ended_at))
        for shard, cursor in cursors.items()
        if not cursor.ended_at and shard not in listed
    ]


def _parents_first(shards: Sequence[Shard]) -> list[Shard]:
    """By generation: a shard has one parent, and it may be gone."""
    by_id = {shard.id: shard for shard in shards}

    def generation(shard: Shard) -> int:
        number = 0
        while parent := by_id.get(shard.parent):
            shard, number = parent, number + 1
        return number

    return sorted(shards, key=generation)


def _read_shard(
    streams: Streams, cursor: Cursor, *, began: str, until: datetime, limit: int
) -> tuple[Batch, bool]:
    """What the shard has, and whether the stream has forgotten what came first of that."""

    def read_on(start: Cursor) -> Batch:
        return _read_on(streams, cursor, start, until=until, limit=limit)

    try:
        if cursor.iterator:
            with suppress(IteratorExpired):
                return read_on(cursor), False
        # It is opened where the last change was, however long ago that is.
        return read_on(replace(cursor, iterator="", read_to=cursor.at or began)), False
    except StreamTrimmed:
        return read_on(Cursor(cursor.table, cursor.shard, read_to=began)), True


def _read_on(
    streams: Streams, before: Cursor, start: Cursor, *, until: datetime, limit: int
) -> Batch:
    changes: list[Change] = []
    cursor, end, empty = start, clock.rfc3339(until), 0
    # A stream that is busy is read on in the next run: what was read of it stands.
    with suppress(StreamBusy):
        pages = streams.pages(
            start.table, start.shard, after=start.sequence, iterator=start.iterator
        )
        for page in pages:
            new = list(takewhile(lambda change: change.at < end, page.changes))
            changes += new
            cursor = _behind(cursor, page, new, end)
            empty = 0 if page.changes else empty + 1
            over = cursor.ended_at or cursor.read_to == end
            if over or empty == EMPTY_PAGES or len(changes) >= limit:
                break
    return Batch(changes, before, cursor)


def _behind(cursor: Cursor, page: Page, new: Sequence[Change], end: str) -> Cursor:
    """The cursor after this page, of which `new` was taken."""
    if new:
        cursor = replace(cursor, sequence=new[-1].sequence, at=new[-1].at, read_to=new[-1].at)
    if len(new) < len(page.changes):
        # The next run reads the rest of the page.
        return replace(cursor, iterator="" if new else page.iterator, read_to=end)
    if not page.next:
        return replace(cursor, iterator="", ended_at=end)
    if not page.changes:
        reached = clock.rfc3339(clock.parse(cursor.read_to) + REACH)
        cursor = replace(cursor, read_to=min(end, reached))
    return replace(cursor, iterator=page.next)
