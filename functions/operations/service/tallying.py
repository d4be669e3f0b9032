"""Keep the sums going: load, fold, find out what was before, judge, store."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from operations.domain import tallies as rules
from operations.domain.changes import Change
from operations.domain.suspects import Finding
from operations.domain.tallies import (
    Account,
    Hold,
    Key,
    Posting,
    Shelf,
    Tallies,
    Tally,
    Undecided,
)
from operations.service.ports import Cursor, Evidence, Notes
from operations.service.reading import Batch

MAX_TALLIES = 98  # of one transaction, beside its cursor and the run's own row
LOT = 100  # tallies that are remembered together, to be judged later
Time = Callable[[], datetime]
_NAMES = {"shelf": "SHELF", "account": "ACCOUNT"}
_KINDS = {"SHELF": ("shelf", "I2"), "ACCOUNT": ("account", "I6")}


def keys_of(names: Iterable[str]) -> set[Key]:
    """The tallies among the names of a question."""
    parts = [name.partition(":") for name in names]
    return {(_NAMES[kind], id_) for kind, _, id_ in parts if kind in _NAMES}  # type: ignore[misc]


def load(
    notes: Notes, changes: Collection[Change], keys: Iterable[Key], epochs: rules.Epochs
) -> list[Tally]:
    """Every tally that the changes alter, and these: what names others comes first."""
    empty = Tallies((), epochs)
    wanted = {*keys, *(key for change in changes for key in empty.touches(change))}
    found = list(notes.tallies(wanted))
    added = [tally for tally in found if isinstance(tally, (Hold, Posting))]
    more = {key for tally in added for key in tally.sums} - wanted
    return [*found, *notes.tallies(more)] if more else found


def settle(
    tallies: Tallies, keys: Iterable[Key], *, stored: Evidence, as_of: datetime, time: Time
) -> list[Tally]:
    """Find out what was before the epoch, where that can be told now; the tallies that gained."""
    gained: list[Tally] = []
    for key in sorted(keys):
        before = tallies.all.get(key)
        after = before
        if isinstance(before, Shelf):
            after = _counted(rules.based(before, as_of=as_of), stored, time)
        elif isinstance(before, Account):
            after = rules.known(before, as_of=as_of)
        if after is not None and after is not before:
            tallies.put(after)
            gained.append(after)
    return gained


def _counted(shelf: Shelf, stored: Evidence, time: Time) -> Shelf:
    if not shelf.is_to_be_counted:
        return shelf
    sku, _, location = shelf.name.rpartition("@")
    begun = time()
    total = stored.movements(sku, location)
    return rules.counted(shelf, total, begun=begun, ended=time())


def judge(tallies: Tallies, keys: Iterable[Key], *, as_of: datetime) -> Iterator[Finding]:
    """What is wrong with these, or cannot be told yet."""
    for key in sorted(keys):
        tally = tallies.all.get(key)
        try:
            if isinstance(tally, Shelf):
                found = list(rules.judge_shelf(tally, as_of=as_of))
            elif isinstance(tally, Account):
                found = list(rules.judge_account(tally, as_of=as_of))
            else:
                continue
        except Undecided as error:
            yield _finding(key, str(error), waiting=True)
        else:
            yield from (_finding(key, detail) for _, detail in found)


def postponed(keys: Iterable[Key]) -> Iterator[Finding]:
    """Nothing can be told while the streams are not read to the same moment: remember, in lots."""
    left = sorted(key for key in keys if key[0] in _KINDS)
    for start in range(0, len(left), LOT):
        lot = left[start : start + LOT]
        names = frozenset(f"{_KINDS[kind][0]}:{name}" for kind, name in lot)
        subject = f"{lot[0][1]} and {len(lot) - 1} more"
        yield Finding("I2", subject, "the streams are not read to their end", names, waiting=True)


def _finding(key: Key, detail: str, *, waiting: bool = False) -> Finding:
    kind, name = _KINDS[key[0]]
    names = frozenset({f"{kind}:{key[1]}"})
    return Finding(name, key[1], detail, names, waiting)


def commit(batch: Batch, tallies: Tallies, notes: Notes) -> None:
    """Store what the batch adds together with its cursor, in as few transactions as may be."""
    for altered, cursor in _lots(batch, tallies):
        notes.commit(altered, cursor=cursor)


def _lots(batch: Batch, tallies: Tallies) -> Iterator[tuple[list[Tally], Cursor | None]]:
    """What one transaction takes, and how far it leads."""
    pending: set[Key] = set()
    cursor = batch.before
    for change in batch.changes:
        if pending and len(pending | tallies.touches(change)) > MAX_TALLIES:
            yield [tallies.all[key] for key in pending], cursor
            pending = set()
        pending |= tallies.fold(change)
        cursor = replace(batch.before, sequence=change.sequence, at=change.at)
        if len(pending) > MAX_TALLIES:
            # A hold on as many shelves as fit. It is what it adds, so to fold it again adds
            # nothing: the cursor may follow behind.
            yield [tallies.all[key] for key in pending], None
            pending = set()
    if pending or batch.cursor != batch.before:
        yield [tallies.all[key] for key in pending], batch.cursor
