"""Which rows a question needs, found by keys alone: ids that rows name, and ids that are derived.

`needs` and `named` are asked again with every row that was found, until nothing new is needed: an
order leads to its payment, that to its posting, that to its marker. How ids are derived is each
service's rule; that they are is a convention of all (docs/conventions.md, shop.ids).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from operations.domain import books, invariants
from operations.domain.books import Books, Row, refunds_due
from operations.domain.invariants import Violation
from shop import ids

# An event's sequence is the version that its row had then; rows have few versions.
VERSIONS = 12
CAPTURED, POSTING = "payment.captured", "payment_captured"


class Ref(NamedTuple):
    """A row by its key, or without `sk` a whole partition: an order with its timeline, a ledger
    transaction with its entries.
    """

    table: str
    pk: str
    sk: str = ""


Rows = Mapping[Ref, Sequence[Row]]


def needs(names: Iterable[str], rows: Rows) -> set[Ref]:
    """Every row that tells about these names, as far as `rows` lead."""
    return {ref for name in named(names, rows) for ref in _OF[_kind(name)](_id(name), rows).refs()}


def named(names: Iterable[str], rows: Rows) -> set[str]:
    """The names, and what their rows name."""
    found, new = set[str](), set(names)
    while new:
        found |= new
        new = {each for name in new for each in _OF[_kind(name)](_id(name), rows).leads()} - found
    return found


def judge(names: Iterable[str], rows: Rows) -> list[Violation]:
    """What is wrong with these; `rows` are all that `needs` asks for."""
    unique: dict[Ref, Row] = {}
    for ref in needs(names, rows):
        for row in rows.get(ref, ()):
            unique[Ref(ref.table, str(row["pk"]), str(row["sk"]))] = row
    tables: dict[str, list[Row]] = {name: [] for name in books.TABLES}
    for ref, row in unique.items():
        tables[ref.table].append(row)
    try:
        found: Books = books.read(tables)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [Violation("I6", "", f"a row cannot be read: {type(error).__name__}")]
    return invariants.violations(found)


class _Subject:
    """What is known of one name."""

    table = ""
    prefix = ""
    sort = ""  # none: all of the partition is about it
    main = ""  # the sort key of its own row there

    def __init__(self, id_: str, rows: Rows) -> None:
        self.id, self.rows = id_, rows
        self.ref = Ref(self.table, f"{self.prefix}#{id_}", self.sort)
        own = self.sort or self.main
        stored = rows.get(self.ref, ())
        self.row: Row | None = next((row for row in stored if row["sk"] == own), None)

    @property
    def is_lost(self) -> bool:
        """It was looked for and is not there."""
        return self.ref in self.rows and self.row is None

    def refs(self) -> Iterator[Ref]:
        """The rows about it."""
        yield self.ref

    def leads(self) -> Iterator[str]:
        """What its rows name."""
        if self.row is not None:
            yield from _names("order", self.row.get("order_id"))


class _Order(_Subject):
    """With its timeline, which tells all events about it, its payments and its reservation."""

    table, prefix, main = "orders", "ORDER", "ORDER"

    def leads(self) -> Iterator[str]:
        yield from super().leads()
        for id_ in _derived("rsv", self.id):
            yield f"reservation:{id_}"
        if self.row is not None:
            for payment_id in [self.row.get("payment_id"), *refunds_due(self.row)]:
                yield from _names("payment", payment_id)
        elif self.is_lost:  # Its timeline, if that is there still, knows its payments.
            for row in self.rows.get(self.ref, ()):
                yield from _names("payment", books.parsed(row["event"])["data"].get("payment_id"))


class _Payment(_Subject):
    table, prefix, sort = "payments", "PAYMENT", "PAYMENT"

    def refs(self) -> Iterator[Ref]:
        yield from super().refs()
        for posting in self._postings():
            yield Ref("ledger", f"TXN#{posting}", "TXN")

    def leads(self) -> Iterator[str]:
        yield from super().leads()
        for posting in self._postings():
            if self.rows.get(Ref("ledger", f"TXN#{posting}", "TXN")):
                yield f"transaction:{posting}"

    def _versions(self) -> range:
        return _versions(VERSIONS if self.row is None else int(self.row["version"]))

    def _postings(self) -> Iterator[str]:
        """Where the ledger would have its capture: the id is derived from the event's."""
        for version in self._versions() if self.row is not None or self.is_lost else ():
            for event in _derived("evt", self.id, CAPTURED, str(version)):
                yield from _derived("txn", event, POSTING)


class _Reservation(_Subject):
    table, prefix, sort = "inventory", "RSV", "RSV"


class _Transaction(_Subject):
    table, prefix, main = "ledger", "TXN", "TXN"

    def refs(self) -> Iterator[Ref]:
        yield self.ref
        yield Ref("balances", f"FOLDED#{self.id}", "FOLDED")

    def leads(self) -> Iterator[str]:
        if self.row is None:
            return
        yield from _names("order", self.row.get("order_id"))
        yield from _names("payment", self.row.get("payment_id"))
        for id_ in _derived("txn", str(self.row["cause_event_id"]), str(self.row["template"])):
            yield f"transaction:{id_}"


_OF: Mapping[str, Callable[[str, Rows], _Subject]] = {
    "order": _Order,
    "payment": _Payment,
    "reservation": _Reservation,
    "transaction": _Transaction,
}


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _id(name: str) -> str:
    return name.partition(":")[2]


def _names(kind: str, id_: object) -> Iterator[str]:
    if isinstance(id_, str) and id_:
        yield f"{kind}:{id_}"


def _versions(last: int) -> range:
    return range(max(1, last - VERSIONS + 1), last + 1)


def _derived(kind: str, *cause: str) -> Iterator[str]:
    """The id that is derived from this cause; none if the cause is no id of ours."""
    try:
        yield ids.derive(kind, *cause, region=ids.region_of(cause[0]))
    except ValueError:
        return
