"""Keep the sums going: load, fold, find out what was before, judge, store."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from operations.domain import aggregates as rules
from operations.domain.aggregates import SUM, Aggregate, Aggregates, Key, Part, Total, Undecided
from operations.domain.changes import Change
from operations.domain.open_violations import Finding, OpenViolation
from operations.domain.registry import Registry
from operations.service.ports import AuditStore, Cursor, RelatedRows
from operations.service.read_streams import Batch
from shop.invariants import Counted

MAX_AGGREGATES = 98  # of one transaction, beside its cursor and the run's own row
LOT = 100  # aggregates that are remembered together, to be judged later
Time = Callable[[], datetime]


def keys_of(registry: Registry, names: Iterable[str]) -> set[Key]:
    """The sums among the names of a question."""
    parts = [name.partition(":") for name in names]
    return {(SUM, f"{kind}#{id_}") for kind, _, id_ in parts if kind in registry.sums}


def load(
    registry: Registry,
    store: AuditStore,
    changes: Collection[Change],
    keys: Iterable[Key],
    epochs: rules.Epochs,
) -> list[Aggregate]:
    """Every aggregate that the changes alter, and these: what names others comes first."""
    empty = Aggregates(registry, (), epochs)
    wanted = {*keys, *(key for change in changes for key in empty.touches(change))}
    found = list(store.aggregates(wanted))
    added = [aggregate for aggregate in found if isinstance(aggregate, Part)]
    more = {key for aggregate in added for key in aggregate.sums} - wanted
    return [*found, *store.aggregates(more)] if more else found


def set_baselines(
    aggregates: Aggregates, keys: Iterable[Key], *, stored: RelatedRows, as_of: datetime, time: Time
) -> list[Aggregate]:
    """Find out what was before the epoch, where that can be told now; those that gained."""
    gained: list[Aggregate] = []
    for key in sorted(keys):
        before = aggregates.all.get(key)
        if not isinstance(before, Total):
            continue
        made = aggregates.registry.sums[before.sum]
        after = rules.based(before, made, as_of=as_of)
        if isinstance(made.base, Counted) and after.is_to_be_counted:
            after = _counted(after, made.base, stored, time)
        if after is not before:
            aggregates.put(after)
            gained.append(after)
    return gained


def _counted(total: Total, base: Counted, stored: RelatedRows, time: Time) -> Total:
    begun = time()
    count = stored.count(base.partition(total.name), base.column)
    return rules.counted(total, count, begun=begun, ended=time())


def judge(aggregates: Aggregates, keys: Iterable[Key], *, as_of: datetime) -> Iterator[Finding]:
    """What is wrong with these, or cannot be told yet."""
    for key in sorted(keys):
        total = aggregates.all.get(key)
        if not isinstance(total, Total):
            continue
        made = aggregates.registry.sums[total.sum]
        names = frozenset({f"{total.sum}:{total.name}"})
        try:
            found = list(rules.judge(total, made, as_of=as_of))
        except Undecided as error:
            yield Finding(made.invariant, total.name, str(error), names, waiting=True)
        else:
            yield from (Finding(made.invariant, total.name, each, names) for each in found)


def postponed(
    registry: Registry, keys: Iterable[Key], open_violations: Iterable[OpenViolation]
) -> Iterator[Finding]:
    """Nothing can be told while the streams are not read to the same moment: remember, in lots.

    What is open stays open: it is neither seen again nor over.
    """
    left_over = set(keys)
    for violation in open_violations:
        if found := keys_of(registry, violation.names) & left_over:
            left_over -= found
            yield Finding(*violation.key, violation.detail, violation.names, waiting=True)
    of_sum: defaultdict[str, list[str]] = defaultdict(list)
    for kind, key in sorted(left_over):
        if kind == SUM:
            sum_, _, name = key.partition("#")
            of_sum[sum_].append(name)
    for sum_, left in of_sum.items():
        for start in range(0, len(left), LOT):
            lot = left[start : start + LOT]
            yield Finding(
                registry.sums[sum_].invariant,
                f"{lot[0]} and {len(lot) - 1} more",
                "the streams are not read to their end",
                frozenset(f"{sum_}:{name}" for name in lot),
                waiting=True,
            )


def commit(batch: Batch, aggregates: Aggregates, store: AuditStore) -> None:
    """Store what the batch adds together with its cursor, in as few transactions as may be."""
    for altered, cursor in _transactions(batch, aggregates):
        store.commit(altered, cursors=(cursor,) if cursor else ())


def _transactions(
    batch: Batch, aggregates: Aggregates
) -> Iterator[tuple[list[Aggregate], Cursor | None]]:
    """What one transaction takes, and how far it leads."""
    pending: set[Key] = set()
    cursor = batch.before
    for change in batch.changes:
        if pending and len(pending | aggregates.touches(change)) > MAX_AGGREGATES:
            yield [aggregates.all[key] for key in pending], cursor
            pending = set()
        pending |= aggregates.apply(change)
        cursor = replace(
            batch.before, sequence=change.sequence, at=change.at, read_to=change.at, iterator=""
        )
        if len(pending) > MAX_AGGREGATES:
            # A part of as many sums as fit. It is what it adds, so to fold it again adds
            # nothing: the cursor may follow behind.
            yield [aggregates.all[key] for key in pending], None
            pending = set()
    if pending or batch.moved:
        yield [aggregates.all[key] for key in pending], batch.cursor
