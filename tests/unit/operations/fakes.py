"""The auditor's world in memory: streams, rows and checkpoints that fail on demand."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from operations.domain.aggregates import SUM, Aggregate, Key, Total
from operations.domain.changes import Change
from operations.domain.open_violations import OpenViolation, ViolationUpdate
from operations.domain.registry import Registry
from operations.repository.registry import declared
from operations.service.check_invariants import InvariantChecker, Outcome
from operations.service.ports import (
    Checkpoints,
    Cursor,
    FencedOut,
    IteratorExpired,
    Page,
    Shard,
    StreamBusy,
    StreamTrimmed,
)
from shop import clock
from shop.events import Event
from shop.invariants import Ref, Row
from shop.trace import Trace
from tests.unit.operations import world

START = datetime(2026, 11, 22, 10, tzinfo=UTC)
EXPIRY = timedelta(minutes=15)  # of an iterator
TODAY = world.AT[:10]
TRACE = Trace("00-" + "1" * 32 + "-" + "2" * 16 + "-01")


@dataclass(frozen=True)
class Stock:
    """What the auditor keeps of a SKU at a location."""

    base: int | None
    moved: int
    held: int
    counted: int | None
    epoch: str


class Killed(BaseException):
    """The process is gone."""


@dataclass
class FaultEnvironment:
    """Tables, their streams, what the auditor stores; every call to them can be the last one."""

    now: datetime = START
    registry: Registry = field(default_factory=declared)
    rows: dict[Ref, Row] = field(default_factory=dict)
    shards: dict[str, list[Shard]] = field(
        default_factory=lambda: {name: [Shard("s1")] for name in declared().streams}
    )
    records: dict[tuple[str, str], list[Change]] = field(default_factory=dict)
    opened: dict[tuple[str, str], datetime] = field(default_factory=dict)  # others: at START
    closed: dict[tuple[str, str], datetime] = field(default_factory=dict)
    trimmed: set[str] = field(default_factory=set)  # tables that forgot what was read of them
    busy: set[str] = field(default_factory=set)  # tables and shards that turn readers away
    page: int = 1000
    # What an empty page leads over.
    reach: Callable[[], timedelta] = lambda: timedelta(days=1)
    pages: int = 0  # that were read
    on_commit: Callable[[Sequence[Cursor]], object] = lambda _: None
    # AuditStore.
    token: str = ""
    kept: Checkpoints = field(default_factory=Checkpoints)
    sums: dict[Key, Aggregate] = field(default_factory=dict)
    open_violations: dict[tuple[str, str], OpenViolation] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    report: Mapping[str, Any] = field(default_factory=dict)
    calls: int = 0
    die_at: int = 0
    _sequence: int = 0

    # What happens.
    def write(
        self,
        table: str,
        pk: str,
        sk: str,
        row: dict[str, Any] | None = None,
        *,
        shard: str = "s1",
        quietly: bool = False,
    ) -> None:
        """Put a row, or take it away; the stream tells, unless it is done quietly."""
        ref = Ref(table, pk, sk)
        kind: Literal["INSERT", "MODIFY", "REMOVE"] = "MODIFY" if ref in self.rows else "INSERT"
        if row is None:
            kind = "REMOVE"
            self.rows.pop(ref)
        else:
            row = {"pk": pk, "sk": sk, **row}
            self.rows[ref] = row
        if not quietly:
            self._sequence += 1
            at, sequence = clock.rfc3339(self.now), f"{self._sequence:09d}"
            change = Change(table, kind, pk, sk, row, at, sequence)
            self.records.setdefault((table, shard), []).append(change)

    def split(self, table: str, shard: str, *children: str) -> None:
        """A shard is closed, and these go on."""
        self.closed[table, shard] = self.now
        for child in children:
            self.shards[table] = [*self.shards[table], Shard(child, shard)]
            self.opened[table, child] = self.now

    def shelf(self, sku: str, on_hand: int, *, reserved: int = 0, **options: Any) -> None:
        row = {"on_hand": on_hand, "reserved": reserved, "available": on_hand - reserved}
        self.write("inventory", f"SKU#{sku}", "LOC#ewr", row, **options)

    def move(self, sku: str, id_: str, quantity: int, **options: Any) -> None:
        self.write("inventory", f"MOV#{sku}#ewr", id_, {"quantity": quantity}, **options)

    def hold(
        self, id_: str, status: str, lines: Sequence[tuple[str, str, int]], **options: Any
    ) -> None:
        held = [{"sku": sku, "location": place, "quantity": n} for sku, place, n in lines]
        row = {"status": status, "lines": json.dumps(held), "order_id": "", "sequence": 1}
        row["updated_at"] = clock.rfc3339(self.now)
        self.write("inventory", f"RSV#{id_}", "RSV", row, **options)

    def post(self, id_: str, amount: int, *, account: str = "2100:USD", day: str = TODAY) -> None:
        """A ledger transaction's header, as far as sums read it; and its marker."""
        money = {"amount": amount, "currency": "USD"}
        entries = [{"account": account, "side": "credit", "amount": money}]
        row = {"template": "other", "cause_event_id": id_, "order_id": None}
        told = world.envelope("ledger.transaction_posted", id_, entries=entries)
        told["occurred_at"] = f"{day}{told['occurred_at'][10:]}"
        row["outbox"] = json.dumps([told])
        self.write("ledger", f"TXN#{id_}", "TXN", row)

    def balance(
        self, credit: int, version: int, *, account: str = "2100:USD", day: str = TODAY
    ) -> None:
        row = {"debit": 0, "credit": credit, "version": version}
        self.write("balances", f"ACCOUNT#{account}", f"DAY#{day}", row)

    # What the auditor does.
    def run(self, *, minutes: float = 1, die_at: int = 0, token: str = "") -> Outcome:
        """A run, after a while; it may be killed at one of its calls."""
        self.now += timedelta(minutes=minutes)
        self.calls, self.die_at = 0, die_at
        return self.auditor(token or f"run at {self.now}").run()

    def auditor(self, token: str) -> InvariantChecker:
        return InvariantChecker(
            registry=self.registry,
            streams=FakeStreams(self),
            stored=FakeEvidence(self),
            store=FakeAuditStore(self, token),
            time=lambda: self.now,
            left_s=lambda: 60.0,
            region="us-east-1",
            trace=TRACE,
        )

    def violated(self) -> dict[str, list[str]]:
        """Subjects by invariant, of what was reported."""
        return {
            name: [violation["subject"] for violation in each["violations"]]
            for name, each in self.report["invariants"].items()
            if not each["holds"]
        }

    def aggregate(self, sku: str) -> "Stock":
        found = self.sums[SUM, f"stock#{sku}@ewr"]
        assert isinstance(found, Total)
        return Stock(
            base=None if found.base is None else found.base.get("quantity", 0),
            moved=found.added.get("quantity", 0),
            held=found.added.get("held", 0),
            counted=found.counted,
            epoch=found.epoch,
        )

    def called(self) -> None:
        """One call; the last one, if it is that."""
        self.calls += 1
        if self.calls == self.die_at:
            raise Killed


@dataclass
class FakeStreams:
    """As DynamoDB's: a page leads over a stretch of time, be there changes or not; an iterator is
    a place, and expires.
    """

    world: FaultEnvironment

    def shards(self, table: str) -> Sequence[Shard]:
        self.world.called()
        if table in self.world.busy:
            raise StreamBusy(table)
        return [
            replace(shard, begun_at=shard.begun_at or clock.rfc3339(START))
            for shard in self.world.shards[table]
        ]

    def pages(self, table: str, shard: str, *, after: str, iterator: str = "") -> Iterator[Page]:
        if table in self.world.trimmed and (after or iterator):
            raise StreamTrimmed(table)
        iterator = iterator or self._open(table, shard, after)
        while iterator:
            self.world.called()
            page = self._page(table, shard, iterator)
            yield page
            iterator = page.next

    def _open(self, table: str, shard: str, after: str) -> str:
        place = self.world.opened.get((table, shard), START)
        for change in self.world.records.get((table, shard), []):
            if change.sequence <= after:
                place = clock.parse(change.at)
        return self._iterator(after, place)

    def _page(self, table: str, shard: str, iterator: str) -> Page:
        world = self.world
        if {table, shard} & world.busy:
            raise StreamBusy(shard)
        world.pages += 1
        after, place, issued = json.loads(iterator)
        if world.now - clock.parse(issued) >= EXPIRY:
            raise IteratorExpired(iterator)
        end = min(clock.parse(place) + world.reach(), world.now)
        changes = [
            change
            for change in world.records.get((table, shard), [])
            if change.sequence > after and clock.parse(change.at) <= end
        ][: world.page]
        if changes:
            after, end = changes[-1].sequence, clock.parse(changes[-1].at)
        closed_at = world.closed.get((table, shard))
        if closed_at and end >= closed_at and self._is_last(table, shard, after):
            return Page(changes, iterator)
        return Page(changes, iterator, self._iterator(after, end))

    def _is_last(self, table: str, shard: str, after: str) -> bool:
        return not any(c.sequence > after for c in self.world.records.get((table, shard), []))

    def _iterator(self, after: str, place: datetime) -> str:
        return json.dumps([after, clock.rfc3339(place), clock.rfc3339(self.world.now)])


@dataclass
class FakeEvidence:
    world: FaultEnvironment

    def load(self, refs: Iterable[Ref]) -> Mapping[Ref, Sequence[Row]]:
        self.world.called()
        rows = self.world.rows
        return {
            ref: [
                row
                for key, row in rows.items()
                if key == ref or (not ref.sk and key[:2] == ref[:2])
            ]
            for ref in refs
        }

    def count(self, partition: Ref, column: str) -> int:
        self.world.called()
        rows = self.world.rows.items()
        return sum(int(row[column]) for ref, row in rows if ref[:2] == partition[:2])


@dataclass
class FakeAuditStore:
    """Each write is whole or not at all; a kill comes before one or after it."""

    world: FaultEnvironment
    mine: str

    def begin(self) -> None:
        self.world.called()
        self.world.token = self.mine

    def checkpoints(self) -> Checkpoints:
        self.world.called()
        return Checkpoints(dict(self.world.kept.cursors), dict(self.world.kept.epochs))

    def open_violations(self, *, limit: int) -> Sequence[OpenViolation]:
        self.world.called()
        return [each for each in self.world.open_violations.values() if not each.resolved_at][
            :limit
        ]

    def aggregates(self, keys: Iterable[Key]) -> Sequence[Aggregate]:
        self.world.called()
        return [self.world.sums[key] for key in keys if key in self.world.sums]

    def commit(
        self,
        aggregates: Iterable[Aggregate],
        *,
        cursors: Iterable[Cursor] = (),
        epochs: Mapping[str, str] | None = None,
    ) -> None:
        self.world.called()
        if self.world.token != self.mine:
            raise FencedOut(self.mine)
        new, read = list(aggregates), list(cursors)
        assert len(new) + len(read) + 1 <= 100, "more than one transaction takes"
        self.world.sums |= {aggregate.key: aggregate for aggregate in new}
        self.world.kept.epochs |= epochs or {}
        self.world.on_commit(read)
        self.world.kept.cursors |= {(each.table, each.shard): each for each in read}
        self.world.called()

    def save(self, step: ViolationUpdate, event: Event | None) -> bool:
        self.world.called()
        stored = self.world.open_violations.get(step.after.key)
        expected = step.before.revision if step.before else None
        if (stored.revision if stored and not stored.resolved_at else None) != expected:
            return False
        self.world.open_violations[step.after.key] = step.after
        if event is not None:
            self.world.events.append(event.body)
        self.world.called()
        return True

    def publish(self, report: Mapping[str, Any]) -> None:
        self.world.called()
        self.world.report = report
