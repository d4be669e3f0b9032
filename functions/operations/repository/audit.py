"""The table `audit`: how far the streams were read, sums, open violations, and the report.

`RUN`/`RUN`; `CURSOR`/`<table>#<shard>` and `CURSOR`/`EPOCH#<table>`; `SUM#<sum>#<key>`/`AGGREGATE`,
`PART#<kind>#<id>`/`AGGREGATE`;
`VIOLATION#<invariant>#<subject>`/`VIOLATION`, with the event of what was told
last; `REPORT`/`REPORT`.
The sparse index `due` holds the open violations that are open.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from operations.domain.aggregates import SUM, Aggregate, Key, Part, Total
from operations.domain.open_violations import OpenViolation, ViolationUpdate
from operations.service.ports import Checkpoints, Cursor, FencedOut
from shop import clock, tables
from shop.events import Event
from shop.tables import EventRow, TableModel, batch_get, transact
from shop.text import compact_json

OPEN = "0"  # open_violations are few: one shard
KEPT = timedelta(days=2)  # of what is over: longer than a stream remembers


# All that a violation is read from.
OPEN_VIOLATION = (
    "invariant", "subject", "detail", "names", "first_seen", "waiting", "reported_at", "revision",
)  # fmt: skip


class RunItem(TableModel):
    """Which run may write."""

    Meta = tables.meta("audit")

    token = UnicodeAttribute()
    commits = NumberAttribute(null=True)


class CursorItem(TableModel):
    """How far a shard was read; or since when a table's stream was read without a gap."""

    Meta = tables.meta("audit")

    sequence = UnicodeAttribute(null=True)
    at = UnicodeAttribute(null=True)
    read_to = UnicodeAttribute(null=True)
    iterator = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    epoch = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class AggregateItem(TableModel):
    """A sum that is kept going."""

    Meta = tables.meta("audit")

    state = UnicodeAttribute()
    expires_at = NumberAttribute(null=True)


class OpenViolationItem(EventRow):
    """Something that looks wrong, or looked so."""

    Meta = tables.meta("audit")

    due = tables.due_index(project=OPEN_VIOLATION)
    invariant = UnicodeAttribute()
    subject = UnicodeAttribute()
    detail = UnicodeAttribute()
    names = JSONAttribute()
    first_seen = UnicodeAttribute()
    waiting = BooleanAttribute()
    reported_at = UnicodeAttribute(null=True)
    resolved_at = UnicodeAttribute(null=True)
    revision = NumberAttribute()
    due_shard = UnicodeAttribute(null=True)
    next_attempt_at = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)


class ReportItem(TableModel):
    """What the route answers."""

    Meta = tables.meta("audit")

    report = UnicodeAttribute()


class AuditRepository:
    """`service.ports.AuditStore` of one run, known by its token; and the report, for the route."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    def begin(self) -> None:
        """One write; a run that began before fails at its next one."""
        RunItem("RUN", "RUN").update([RunItem.token.set(self._token)])

    def checkpoints(self) -> Checkpoints:
        """One consistent query."""
        checkpoints = Checkpoints()
        for item in CursorItem.query("CURSOR", consistent_read=True):
            table, _, shard = item.sk.partition("#")
            if table == "EPOCH":
                checkpoints.epochs[shard] = item.epoch
            else:
                checkpoints.cursors[table, shard] = _cursor(item)
        return checkpoints

    def open_violations(self, *, limit: int) -> Sequence[OpenViolation]:
        """One query of the index per megabyte."""
        return [_violation(item) for item in OpenViolationItem.due.query(OPEN, limit=limit)]

    def aggregates(self, keys: Iterable[Key]) -> Sequence[Aggregate]:
        """One consistent request per 100."""
        pairs = [(f"{kind}#{name}", "AGGREGATE") for kind, name in keys]
        return [_tally(item) for item in batch_get(AggregateItem, pairs, consistent=True)]

    def commit(
        self,
        aggregates: Iterable[Aggregate],
        *,
        cursors: Iterable[Cursor] = (),
        epochs: Mapping[str, str] | None = None,
    ) -> None:
        """One transaction; raises FencedOut."""
        rows: list[TableModel] = [_tally_item(aggregate) for aggregate in aggregates]
        rows += [CursorItem("CURSOR", f"EPOCH#{n}", epoch=e) for n, e in (epochs or {}).items()]
        rows += [_cursor_item(cursor) for cursor in cursors]

        def build(write: TransactWrite) -> None:
            for row in rows:
                write.save(row)
            run = RunItem("RUN", "RUN")
            write.update(run, [RunItem.commits.add(1)], RunItem.token == self._token)

        if transact(build):
            raise FencedOut(self._token)

    def save(self, step: ViolationUpdate, event: Event | None) -> bool:
        """One write."""
        item = _violation_item(step.after)
        condition: Condition = (
            OpenViolationItem.pk.does_not_exist() | OpenViolationItem.resolved_at.exists()
        )
        if step.before is not None:
            condition = OpenViolationItem.revision == step.before.revision
        return tables.put(item, condition, event=event) is None

    def publish(self, report: Mapping[str, Any]) -> None:
        """One write."""
        text = compact_json(report)
        ReportItem("REPORT", "REPORT", report=text).save()

    def report(self) -> str | None:
        """The newest report as JSON; None before the first run. One read."""
        try:
            return str(ReportItem.get("REPORT", "REPORT").report)
        except ReportItem.DoesNotExist:
            return None


def _cursor_item(cursor: Cursor) -> CursorItem:
    """A shard that ended is needed for as long as its stream lists it, and then goes."""
    return CursorItem(
        "CURSOR",
        f"{cursor.table}#{cursor.shard}",
        sequence=cursor.sequence or None,
        at=cursor.at or None,
        read_to=cursor.read_to or None,
        iterator=cursor.iterator or None,
        ended_at=cursor.ended_at or None,
        expires_at=_expiry(clock.parse(cursor.ended_at)) if cursor.ended_at else None,
    )


def _cursor(item: CursorItem) -> Cursor:
    table, _, shard = item.sk.partition("#")
    return Cursor(
        table,
        shard,
        sequence=item.sequence or "",
        at=item.at or "",
        read_to=item.read_to or "",
        iterator=item.iterator or "",
        ended_at=item.ended_at or "",
    )


def _tally_item(aggregate: Aggregate) -> AggregateItem:
    kind, name = aggregate.key
    over = aggregate.over_at if isinstance(aggregate, Part) else ""
    return AggregateItem(
        f"{kind}#{name}",
        "AGGREGATE",
        state=compact_json(asdict(aggregate)),
        expires_at=_expiry(clock.parse(over)) if over else None,
    )


def _tally(item: AggregateItem) -> Aggregate:
    kind, state = item.pk.partition("#")[0], json.loads(item.state)
    return Total(**state) if kind == SUM else Part(**state)


def _violation_item(violation: OpenViolation) -> OpenViolationItem:
    is_open = not violation.resolved_at
    return OpenViolationItem(
        f"VIOLATION#{violation.invariant}#{violation.subject}",
        "VIOLATION",
        invariant=violation.invariant,
        subject=violation.subject,
        detail=violation.detail,
        names=sorted(violation.names),
        first_seen=violation.first_seen,
        waiting=violation.waiting,
        reported_at=violation.reported_at or None,
        resolved_at=violation.resolved_at or None,
        revision=violation.revision,
        due_shard=OPEN if is_open else None,
        next_attempt_at=violation.first_seen if is_open else None,
        expires_at=None if is_open else _expiry(clock.parse(violation.resolved_at)),
    )


def _violation(item: OpenViolationItem) -> OpenViolation:
    return OpenViolation(
        invariant=item.invariant,
        subject=item.subject,
        detail=item.detail,
        names=frozenset(item.names),
        first_seen=item.first_seen,
        waiting=item.waiting,
        reported_at=item.reported_at or "",
        resolved_at=item.resolved_at or "",
        revision=int(item.revision),
    )


def _expiry(over: datetime) -> int:
    return int((over + KEPT).timestamp())
