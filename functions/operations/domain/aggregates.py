"""What is summed up from the streams instead of read again: sums that one row states and others
make, as the services declare them (shop.invariants).

All that a sum holds is from the streams, up to one moment: so both sides of a comparison are of the
same moment, however busy the rows. An `epoch` is a time since which a stream was read without a
gap; what was before it has to be found out once, `Total.base`: by counting, or by what was stated.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from operations.domain.changes import Change
from operations.domain.registry import Registry
from shop import clock
from shop.invariants import UNREADABLE, Amounts, Carried, Counted, Entries, Parts, Row, States, Sum

# DynamoDB tells times in seconds, and a transaction's rows are not written at once.
CLOCK_TOLERANCE = timedelta(seconds=2)
Kind = str  # SUM or PART
SUM, PART = "SUM", "PART"
Key = tuple[Kind, str]
Epochs = Mapping[str, str]  # by table


class Undecided(Exception):
    """It cannot be told yet; the message says why."""


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of one key. `stated` is what its row says; empty when it was taken away, None when
    nothing was seen of it.
    """

    sum: str
    name: str
    epoch: str
    base: Amounts | None = None  # what was before the epoch
    added: Amounts = field(default_factory=dict)  # since, by entries and parts
    stated: Amounts | None = None
    changed_at: str = ""  # when something changed that the base depends on
    whole: bool = False  # it began within the epoch: nothing was before
    counted: int | None = None  # all entries, as they were from counted_from to counted_at
    counted_from: str = ""
    counted_at: str = ""

    @property
    def key(self) -> Key:
        return SUM, f"{self.sum}#{self.name}"

    @property
    def is_to_be_counted(self) -> bool:
        """What was before is not known, and no count is under way."""
        return self.base is None and self.counted is None


@dataclass(frozen=True, slots=True)
class Part:
    """What a row adds to sums, by their names."""

    kind: str  # of its row
    name: str
    sum: str
    epoch: str
    adds: Mapping[str, Amounts]
    over_at: str = ""  # when it ceased to add anything, or to change

    @property
    def key(self) -> Key:
        return PART, f"{self.kind}#{self.name}"

    @property
    def sums(self) -> list[Key]:
        """The sums that it adds to."""
        return sums_of(self.sum, self.adds)


Aggregate = Total | Part


class Aggregates:
    """Those of one run: loaded, folded further, judged. Changes come in the order of a shard."""

    def __init__(self, registry: Registry, stored: Iterable[Aggregate], epochs: Epochs) -> None:
        self.registry = registry
        self._epochs = {
            name: " ".join(epochs[table] for table in registry.tables_of(name))
            for name in registry.sums
        }
        self.all: dict[Key, Aggregate] = {
            aggregate.key: aggregate
            for aggregate in stored
            if aggregate.epoch == self._epochs.get(aggregate.sum)
        }

    def total(self, sum_: str, name: str) -> Total:
        """As far as it is known."""
        found = self.all.get((SUM, f"{sum_}#{name}"))
        return found if isinstance(found, Total) else Total(sum_, name, self._epochs[sum_])

    def put(self, aggregate: Aggregate) -> None:
        self.all[aggregate.key] = aggregate

    def touches(self, change: Change) -> set[Key]:
        """Those that a change alters; what a row added before is known when it is loaded."""
        sums, id_ = self._sums(change), change.what[1]
        if isinstance(sums, (States, Entries)):
            return {(SUM, f"{sums.sum}#{sums.key(id_, change.sk)}")}
        if isinstance(sums, Parts):
            key = (PART, change.pk)
            before = self.all.get(key)
            gone = before.sums if isinstance(before, Part) else []
            return {key, *sums_of(sums.sum, _adds(sums, change.row)), *gone}
        return set()

    def apply(self, change: Change) -> set[Key]:
        """Take a change in; returns the aggregates that it altered."""
        keys, sums, id_ = self.touches(change), self._sums(change), change.what[1]
        if isinstance(sums, States):
            total = self.total(sums.sum, sums.key(id_, change.sk))
            self.put(self._stated(total, sums, change))
        elif isinstance(sums, Entries):
            self.put(_entered(self.total(sums.sum, sums.key(id_, change.sk)), sums, change))
        elif isinstance(sums, Parts):
            self._parted(sums, change)
        return keys

    def _sums(self, change: Change) -> States | Entries | Parts | None:
        kind = self.registry.type_of(change.table, change.pk, change.sk)
        return None if kind is None else kind.sums

    def _stated(self, total: Total, sums: States, change: Change) -> Total:
        stated = {name: _int(change.row, name) for name in sums.columns} if change.row else {}
        after = replace(total, stated=stated)
        base = self.registry.sums[sums.sum].base
        if isinstance(base, Carried):
            return replace(after, changed_at=change.at)
        if change.kind == "INSERT" and total.is_to_be_counted and total.stated is None:
            return replace(after, base={}, whole=True)
        return after

    def _parted(self, sums: Parts, change: Change) -> None:
        kind, id_ = change.what
        before, adds = self.all.get((PART, change.pk)), _adds(sums, change.row)
        gone = before.adds if isinstance(before, Part) else {}
        for name in adds.keys() | gone.keys():
            total = self.total(sums.sum, name)
            added = _plus(_minus(total.added, gone.get(name, {})), adds.get(name, {}))
            total = replace(total, added=added)
            if isinstance(self.registry.sums[sums.sum].base, Carried):
                total = replace(total, changed_at=change.at)
            self.put(total)
        over_at = "" if adds and not sums.final else change.at
        self.put(Part(kind, id_, sums.sum, self._epochs[sums.sum], adds, over_at))


def counted(total: Total, count: int, *, begun: datetime, ended: datetime) -> Total:
    """With a count of all entries, which is good if none came meanwhile."""
    return replace(
        total, counted=count, counted_from=clock.rfc3339(begun), counted_at=clock.rfc3339(ended)
    )


def based(total: Total, made: Sum, *, as_of: datetime) -> Total:
    """With `base`, where it can be told by now."""
    if total.base is not None:
        return total
    if isinstance(made.base, Counted):
        return _counted_base(total, made.base.column, as_of)
    return _carried_base(total, made.base, as_of)


def _counted_base(total: Total, column: str, as_of: datetime) -> Total:
    """Once the stream has come past the count and tells that no entry came near it."""
    if total.counted is None or as_of < clock.parse(total.counted_at) + CLOCK_TOLERANCE:
        return total
    near = clock.rfc3339(clock.parse(total.counted_from) - CLOCK_TOLERANCE)
    if total.changed_at >= near:
        return replace(total, counted=None)
    base = {column: total.counted - total.added.get(column, 0)}
    return replace(total, base=base, counted=None)


def _carried_base(total: Total, base: Carried, as_of: datetime) -> Total:
    """Nothing, if as much was added as is stated; else what is stated more."""
    stated = total.stated or {}
    if stated.get(base.version, 0) == total.added.get(base.version, 0):
        return replace(total, base={})
    if not _is_quiet(total, base, as_of):
        return total
    return replace(total, base=_minus(stated, total.added) if stated else {})


def judge(total: Total, made: Sum, *, as_of: datetime) -> Iterator[str]:
    """What is wrong with one sum; raises Undecided while it cannot be told."""
    if total.base is None:
        raise Undecided("what was before is not known yet")
    stated, summed = total.stated or {}, _plus(total.base, total.added)
    if isinstance(made.base, Carried):
        version = made.base.version
        level = stated.get(version, 0) == summed.get(version, 0)
        if not level and not _is_quiet(total, made.base, as_of):
            raise Undecided("what is stated is on the way")
        yield from made.wrong(stated, summed)
        return
    known = total.whole or as_of >= clock.parse(total.epoch) + made.base.known_after
    columns = (made.base.column, *(made.base.parts if known else ()))
    yield from made.wrong(stated, {name: summed.get(name, 0) for name in columns})


def sums_of(sum_: str, names: Iterable[str]) -> list[Key]:
    """The keys of these sums."""
    return [(SUM, f"{sum_}#{name}") for name in sorted(names)]


def _entered(total: Total, sums: Entries, change: Change) -> Total:
    total = replace(total, changed_at=change.at)
    if change.kind == "INSERT" and _is_int(change.row, sums.column):
        added = _plus(total.added, {sums.column: _int(change.row, sums.column)})
        return replace(total, added=added)
    # Entries are never changed. This one was: how many there are is counted anew.
    return replace(total, base=None, counted=None, whole=False)


def _adds(sums: Parts, row: Row | None) -> Mapping[str, Amounts]:
    """What a row adds. One that cannot be read adds nothing: its rules say what is wrong."""
    if row is None:
        return {}
    try:
        return {name: dict(amounts) for name, amounts in sums.adds(row).items()}
    except UNREADABLE:
        return {}


def _is_quiet(total: Total, base: Carried, as_of: datetime) -> bool:
    return total.changed_at <= clock.rfc3339(as_of - base.quiet_after)


def _plus(some: Amounts, more: Amounts) -> dict[str, int]:
    return {name: some.get(name, 0) + more.get(name, 0) for name in some.keys() | more.keys()}


def _minus(some: Amounts, less: Amounts) -> dict[str, int]:
    return _plus(some, {name: -amount for name, amount in less.items()})


def _is_int(row: Row | None, name: str) -> bool:
    return isinstance((row or {}).get(name), int)


def _int(row: Row | None, name: str) -> int:
    value = (row or {}).get(name, 0)
    return value if isinstance(value, int) else 0
