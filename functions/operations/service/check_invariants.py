"""Look at what changed, and at what looked wrong before; tell what stays wrong.

A round reads the streams up to one moment, looks at all that the changes call into question, stores
what looks wrong, and only then moves the cursors: whatever is cut short is looked at again, and
sums move together with the cursor, so each change is in them once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from operations import events
from operations.domain.aggregates import Aggregate, Aggregates, Key
from operations.domain.changes import names_to_evaluate
from operations.domain.open_violations import (
    Finding,
    OpenViolation,
    ViolationUpdate,
    report,
    updates,
)
from operations.domain.registry import Registry
from operations.service import evaluate_rules, read_streams, update_aggregates
from operations.service.ports import AuditStore, Checkpoints, RelatedRows, Streams
from operations.service.read_streams import Batch, Reading
from shop import clock
from shop.trace import Trace

STREAM_LAG = timedelta(seconds=2)  # a stream is behind its table by less
ROUND = 5000  # changes that are looked at together
ROUND_S = 15.0  # a round takes less: it is begun only if there is that much left
MAX_OPEN_VIOLATIONS = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did. `violated` counts open violations by invariant; `lag_s` is how far behind."""

    changes: int
    reported: int
    open_violations: int
    lag_s: float
    violated: Mapping[str, int]


@dataclass
class InvariantChecker:
    """One run. `time` is asked again, because a run takes a while; `left_s` is what it has."""

    registry: Registry
    streams: Streams
    stored: RelatedRows
    store: AuditStore
    time: Callable[[], datetime]
    left_s: Callable[[], float]
    region: str
    trace: Trace
    _checkpoints: Checkpoints = field(default_factory=Checkpoints)
    _open: dict[tuple[str, str], OpenViolation] = field(default_factory=dict)
    _changes: int = 0
    _reported: int = 0

    def run(self) -> Outcome:
        """Go round until nothing is new, or time is up; raises FencedOut if another run began."""
        self.store.begin()
        self._checkpoints = self.store.checkpoints()
        found = self.store.open_violations(limit=MAX_OPEN_VIOLATIONS)
        self._open = {violation.key: violation for violation in found}
        while True:
            now = self.time()
            read = read_streams.read(
                self.streams,
                self._checkpoints,
                tables=self.registry.streams,
                until=now - STREAM_LAG,
                limit=ROUND,
            )
            self._round(read, now=now)
            more = read.undrained and any(batch.changes for batch in read.batches)
            if not more or self.left_s() < ROUND_S:
                return self._report(read, as_of=now - STREAM_LAG)

    def _round(self, read: Reading, *, now: datetime) -> None:
        as_of = now - STREAM_LAG
        self._checkpoints.epochs |= read.epochs
        changes = list(read.changes)
        violated = {name for violation in self._open.values() for name in violation.names}
        keys = update_aggregates.keys_of(self.registry, violated)
        loaded = update_aggregates.load(
            self.registry, self.store, changes, keys, self._checkpoints.epochs
        )
        aggregates = Aggregates(self.registry, loaded, self._checkpoints.epochs)
        keys |= {key for change in changes for key in aggregates.apply(change)}
        findings, gained = self._sums(aggregates, keys, read, as_of)
        findings += evaluate_rules.evaluate(
            self.registry,
            [
                *names_to_evaluate(self.registry, changes).values(),
                *self._names_of_open_violations(),
            ],
            stored=self.stored,
        )
        always = self.registry.always
        for update in updates(self._open.values(), findings, now=now, always=always):
            self._keep(update, now)
        self._commit(read, Aggregates(self.registry, loaded, self._checkpoints.epochs), gained)
        self._changes += len(changes)

    def _sums(
        self, aggregates: Aggregates, keys: set[Key], read: Reading, as_of: datetime
    ) -> tuple[list[Finding], list[Aggregate]]:
        behind = {
            name
            for name in self.registry.sums
            if read.undrained.intersection(self.registry.tables_of(name))
        }
        late = {key for key in keys if key[1].partition("#")[0] in behind}
        level = keys - late
        findings = list(update_aggregates.postponed(self.registry, late, self._open.values()))
        gained = update_aggregates.set_baselines(
            aggregates, level, stored=self.stored, as_of=as_of, time=self.time
        )
        return [*findings, *update_aggregates.judge(aggregates, level, as_of=as_of)], gained

    def _names_of_open_violations(self) -> list[frozenset[str]]:
        names = [violation.names for violation in self._open.values()]
        return [each for each in names if not update_aggregates.keys_of(self.registry, each)]

    def _keep(self, update: ViolationUpdate, now: datetime) -> None:
        event = events.event_of(update, region=self.region, now=now, trace=self.trace)
        if update.is_new and not self.store.save(update, event):
            return  # It was loaded too late, or is not among the oldest: the next run sees it.
        if update.after.resolved_at:
            self._open.pop(update.after.key, None)
        else:
            self._open[update.after.key] = (
                update.after if update.is_new else update.before or update.after
            )
        self._reported += event is not None

    def _commit(self, read: Reading, aggregates: Aggregates, gained: list[Aggregate]) -> None:
        if read.epochs:
            self.store.commit((), epochs=read.epochs)
        for batch in read.batches:
            if batch.changes:
                update_aggregates.commit(batch, aggregates, self.store)
            self._checkpoints.cursors[batch.cursor.table, batch.cursor.shard] = batch.cursor
        self._commit_cursors(read, lambda batch: batch.moved and not batch.changes)
        for start in range(0, len(gained), update_aggregates.MAX_AGGREGATES):
            self.store.commit(gained[start : start + update_aggregates.MAX_AGGREGATES])

    def _commit_cursors(self, read: Reading, chosen: Callable[[Batch], bool]) -> None:
        cursors = [batch.cursor for batch in read.batches if chosen(batch)]
        for start in range(0, len(cursors), update_aggregates.MAX_AGGREGATES):
            lot = cursors[start : start + update_aggregates.MAX_AGGREGATES]
            self.store.commit((), cursors=lot)

    def _report(self, read: Reading, *, as_of: datetime) -> Outcome:
        # Where idle shards are read on; of the others it is stored with what they gave.
        self._commit_cursors(read, lambda batch: not batch.moved)
        as_of = min([as_of, *map(clock.parse, read.read_to.values())])
        now = self.time()
        summary = report(
            self._open.values(), as_of=as_of, now=now, invariants=self.registry.watched
        )
        self.store.publish(summary)
        return Outcome(
            changes=self._changes,
            reported=self._reported,
            open_violations=len(self._open),
            lag_s=(now - as_of).total_seconds(),
            violated={name: each["count"] for name, each in summary["invariants"].items()},
        )
