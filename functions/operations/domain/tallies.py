"""What is summed up from the streams instead of read again: movements and holds by shelf, entries
by account.

All that a tally holds is from the streams, up to one moment: so both sides of a comparison are of
the same moment, however busy the shelf. An `epoch` is a time since which a stream was read without
a gap; what was before it has to be found out once: `Shelf.base` by counting, `Account.base` by the
balance itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from operations.domain.books import (
    Books,
    Row,
    carried_by,
    holding,
    shelf_of_movement,
    shelf_of_stock,
)
from operations.domain.changes import Change
from operations.domain.invariants import Found, balances_are_folds, stock_adds_up
from shop import clock

# Holds end after 15 minutes and are swept within minutes: after this every hold was seen to begin.
HOLDS_KNOWN_AFTER = timedelta(minutes=30)
# DynamoDB tells times in seconds, and a transaction's rows are not written at once.
BLUR = timedelta(seconds=2)
# A balance is folded well within this.
QUIET_AFTER = timedelta(minutes=2)
Kind = Literal["SHELF", "HOLD", "ACCOUNT", "POSTING"]
Key = tuple[Kind, str]
STOCK = ("on_hand", "reserved", "available")
Epochs = Mapping[str, str]  # by table


class Undecided(Exception):
    """It cannot be told yet; the message says why."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A SKU at a location. `stock` is its row as last written; empty when it was taken away, None
    when nothing was seen of it."""

    name: str  # <sku>@<location>
    epoch: str
    base: int | None = None  # movements before the epoch
    moved: int = 0  # movements since
    moved_at: str = ""
    held: int = 0
    moving: int = 0
    whole: bool = False  # the shelf began within the epoch: nothing was before
    stock: Mapping[str, int] | None = None
    counted: int | None = None  # all movements, as they were from counted_from to counted_at
    counted_from: str = ""
    counted_at: str = ""

    @property
    def key(self) -> Key:
        return "SHELF", self.name

    @property
    def is_to_be_counted(self) -> bool:
        """What was before is not known, and no count is under way."""
        return self.base is None and self.counted is None


@dataclass(frozen=True, slots=True)
class Hold:
    """What a reservation adds to its shelves: units that it holds, moves under way."""

    name: str  # reservation id
    epoch: str
    held: Mapping[str, int]
    moving: tuple[str, ...]
    over_at: str = ""  # when it ceased to add anything

    @property
    def key(self) -> Key:
        return "HOLD", self.name

    @property
    def sums(self) -> list[Key]:
        """The shelves that it adds to."""
        return _shelves(self.held, self.moving)


@dataclass(frozen=True, slots=True)
class Sums:
    """Debits, credits, and how many transactions are in them."""

    debit: int = 0
    credit: int = 0
    version: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.debit + other.debit, self.credit + other.credit, self.version + other.version
        )

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(
            self.debit - other.debit, self.credit - other.credit, self.version - other.version
        )


@dataclass(frozen=True, slots=True)
class Account:
    """An account on a day: its entries as posted, and its balance as folded by the ledger."""

    name: str  # <account>#<day>
    epoch: str
    base: Sums | None = None
    posted: Sums = Sums()
    total: Sums | None = None
    changed_at: str = ""

    @property
    def key(self) -> Key:
        return "ACCOUNT", self.name


@dataclass(frozen=True, slots=True)
class Posting:
    """What a ledger transaction adds to its accounts."""

    name: str  # transaction id
    epoch: str
    adds: Mapping[str, Sums]
    over_at: str = ""  # when it was posted: it never changes

    @property
    def key(self) -> Key:
        return "POSTING", self.name

    @property
    def sums(self) -> list[Key]:
        """The accounts that it adds to."""
        return [("ACCOUNT", name) for name in sorted(self.adds)]


Tally = Shelf | Hold | Account | Posting


class Tallies:
    """Tallies of one run: loaded, folded further, judged. Changes come in the order of a shard."""

    def __init__(self, stored: Iterable[Tally], epochs: Epochs) -> None:
        self.epochs = epochs
        self._inventory = epochs["inventory"]
        self._books = f"{epochs['ledger']} {epochs['balances']}"
        self.all: dict[Key, Tally] = {
            tally.key: tally for tally in stored if tally.epoch == self._epoch_of(tally)
        }

    def _epoch_of(self, tally: Tally) -> str:
        return self._books if isinstance(tally, (Account, Posting)) else self._inventory

    def shelf(self, name: str) -> Shelf:
        found = self.all.get(("SHELF", name))
        return found if isinstance(found, Shelf) else Shelf(name, self._inventory)

    def account(self, name: str) -> Account:
        found = self.all.get(("ACCOUNT", name))
        return found if isinstance(found, Account) else Account(name, self._books)

    def put(self, tally: Tally) -> None:
        self.all[tally.key] = tally

    def touches(self, change: Change) -> set[Key]:
        """The tallies that a change alters; what a row added before is known when it is loaded."""
        kind, rest = change.what
        where = (change.table, kind)
        if where == ("inventory", "SKU"):
            return {("SHELF", _name(shelf_of_stock(rest, change.sk)))}
        if where == ("inventory", "MOV"):
            return {("SHELF", _name(shelf_of_movement(rest)))}
        if where == ("inventory", "RSV"):
            return self._and_before(("HOLD", rest), _shelves(*_adds(change.row)))
        if (where, change.sk) == (("ledger", "TXN"), "TXN"):
            return self._and_before(("POSTING", rest), [("ACCOUNT", n) for n in _posts(change.row)])
        if where == ("balances", "ACCOUNT"):
            return {("ACCOUNT", _account_day(rest, change.sk.removeprefix("DAY#")))}
        return set()

    def _and_before(self, key: Key, sums: Iterable[Key]) -> set[Key]:
        before = self.all.get(key)
        return {key, *sums, *(before.sums if isinstance(before, (Hold, Posting)) else ())}

    def fold(self, change: Change) -> set[Key]:
        """Take a change in; returns the tallies that it altered."""
        keys = self.touches(change)
        kind, rest = change.what
        if kind == "SKU":
            self.put(self._stocked(_name(shelf_of_stock(rest, change.sk)), change))
        elif kind == "MOV":
            self.put(self._moved(_name(shelf_of_movement(rest)), change))
        elif kind == "RSV":
            self._held(rest, change)
        elif kind == "TXN" and keys:
            self._posted(rest, change)
        elif keys:
            account = self.account(_account_day(rest, change.sk.removeprefix("DAY#")))
            self.put(replace(account, total=_total(change.row), changed_at=change.at))
        return keys

    def _stocked(self, name: str, change: Change) -> Shelf:
        shelf = self.shelf(name)
        stock = {key: _int(change.row, key) for key in STOCK} if change.row else {}
        begins = change.kind == "INSERT" and shelf.base is None and shelf.stock is None
        if begins and shelf.counted is None:
            return replace(shelf, stock=stock, base=0, whole=True)
        return replace(shelf, stock=stock)

    def _moved(self, name: str, change: Change) -> Shelf:
        shelf = replace(self.shelf(name), moved_at=change.at)
        if change.kind == "INSERT" and _is_int(change.row, "quantity"):
            return replace(shelf, moved=shelf.moved + _int(change.row, "quantity"))
        # Movements are never changed. This one was: how many there are is counted anew.
        return replace(shelf, base=None, counted=None, whole=False)

    def _held(self, id_: str, change: Change) -> None:
        before = self.all.get(("HOLD", id_))
        held, moving = _adds(change.row)
        over_at = "" if held or moving else change.at
        after = Hold(id_, self._inventory, held, moving, over_at)
        if isinstance(before, Hold):
            for name in before.held.keys() | set(before.moving):
                self._add(name, -before.held.get(name, 0), -(name in before.moving))
        for name in held.keys() | set(moving):
            self._add(name, held.get(name, 0), int(name in moving))
        self.put(after)

    def _posted(self, id_: str, change: Change) -> None:
        before, adds = self.all.get(("POSTING", id_)), _posts(change.row)
        gone = before.adds if isinstance(before, Posting) else {}
        for name in adds.keys() | gone.keys():
            account = self.account(name)
            posted = account.posted + adds.get(name, Sums()) - gone.get(name, Sums())
            self.put(replace(account, posted=posted, changed_at=change.at))
        self.put(Posting(id_, self._books, adds, change.at))

    def _add(self, name: str, held: int, moving: int) -> None:
        shelf = self.shelf(name)
        self.put(replace(shelf, held=shelf.held + held, moving=shelf.moving + moving))


def counted(shelf: Shelf, total: int, *, begun: datetime, ended: datetime) -> Shelf:
    """With a count of all movements, which is good if nothing moved meanwhile."""
    return replace(
        shelf, counted=total, counted_from=clock.rfc3339(begun), counted_at=clock.rfc3339(ended)
    )


def based(shelf: Shelf, *, as_of: datetime) -> Shelf:
    """With `base`, once the stream has come past the count and tells that nothing moved near it."""
    if shelf.base is not None or shelf.counted is None:
        return shelf
    if as_of < clock.parse(shelf.counted_at) + BLUR:
        return shelf
    near = clock.rfc3339(clock.parse(shelf.counted_from) - BLUR)
    if shelf.moved_at >= near:
        return replace(shelf, counted=None)
    return replace(shelf, base=shelf.counted - shelf.moved, counted=None)


def judge_shelf(shelf: Shelf, *, as_of: datetime) -> Found:
    """I2 of one shelf; raises Undecided while its movements are not known."""
    if shelf.base is None:
        raise Undecided("its movements are being counted")
    sku, _, location = shelf.name.rpartition("@")
    key = (sku, location)
    books = Books()
    if shelf.stock:
        books.stock[key] = shelf.stock
    books.movements[key] = shelf.base + shelf.moved
    books.held[key] = shelf.held
    if shelf.moving or not (shelf.whole or as_of >= _after(shelf.epoch, HOLDS_KNOWN_AFTER)):
        books.moving.add(key)  # what is reserved cannot be compared
    return stock_adds_up(books)


def known(account: Account, *, as_of: datetime) -> Account:
    """With `base`: nothing, if as much was posted as is in the balance; else what it has more."""
    if account.base is not None:
        return account
    total = account.total or Sums()
    if total.version == account.posted.version:
        return replace(account, base=Sums())
    if not _is_quiet(account, as_of):
        return account
    return replace(account, base=total - account.posted if account.total else Sums())


def judge_account(account: Account, *, as_of: datetime) -> Found:
    """I6 of one account; raises Undecided while the fold is on its way."""
    total = account.total or Sums()
    if account.base is None:
        raise Undecided("its balance is on the way")
    posted = account.base + account.posted
    if total.version != posted.version and not _is_quiet(account, as_of):
        raise Undecided("its balance is on the way")
    books = Books(folds={account.name: (posted.debit, posted.credit)})
    books.totals[account.name] = {"debit": total.debit, "credit": total.credit}
    return balances_are_folds(books)


def _is_quiet(account: Account, as_of: datetime) -> bool:
    return account.changed_at <= clock.rfc3339(as_of - QUIET_AFTER)


def _total(row: Row | None) -> Sums | None:
    if row is None:
        return None
    return Sums(_int(row, "debit"), _int(row, "credit"), _int(row, "version"))


def _posts(row: Row | None) -> dict[str, Sums]:
    """What a ledger transaction adds, by account and day; as its header's event lists it, whole."""
    if row is None:
        return {}
    found: dict[str, Sums] = {}
    try:
        entries: list[tuple[str, Any]] = [
            (str(event["occurred_at"])[:10], entry)
            for event in carried_by(row)
            for entry in event["data"]["entries"]
        ]
        for day, entry in entries:
            amount = int(entry["amount"]["amount"])
            side = Sums(debit=amount) if entry["side"] == "debit" else Sums(credit=amount)
            name = _account_day(str(entry["account"]), day)
            found[name] = found.get(name, Sums(version=1)) + side
    except (KeyError, TypeError, ValueError):
        return {}  # I6 of the transaction says what is wrong with it.
    return found


def _account_day(account: str, day: str) -> str:
    return f"{account}#{day}"


def _adds(row: Row | None) -> tuple[dict[str, int], tuple[str, ...]]:
    """What a reservation's row adds to shelves. One that cannot be read adds nothing."""
    if row is None:
        return {}, ()
    try:
        held, moving = holding(row)
    except (KeyError, TypeError, ValueError):
        return {}, ()
    return (
        {_name(shelf): units for shelf, units in held.items()},
        tuple(sorted(_name(shelf) for shelf in moving)),
    )


def _shelves(held: Mapping[str, int], moving: Iterable[str]) -> list[Key]:
    return [("SHELF", name) for name in sorted(held.keys() | set(moving))]


def _name(shelf: tuple[str, str]) -> str:
    return "@".join(shelf)


def _is_int(row: Row | None, name: str) -> bool:
    return isinstance((row or {}).get(name), int)


def _int(row: Row | None, name: str) -> int:
    value = (row or {}).get(name, 0)
    return value if isinstance(value, int) else 0


def _after(epoch: str, time: timedelta) -> datetime:
    return clock.parse(epoch) + time
