"""The stored rows, sorted by what they are. Input: plain rows per table, whole tables or a few."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
Event = dict[str, Any]  # an envelope
Shelf = tuple[str, str]  # SKU and location
EVENT = "EVENT#"
TABLES = ("orders", "inventory", "payments", "ledger", "balances")


@dataclass(slots=True)
class Books:
    """Everything that the invariants speak of.

    `movements`, `held`, `moving` and `folds` are sums over many rows: `summed` makes them from the
    rows; whoever keeps them going elsewhere fills them in.
    """

    orders: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, Row] = field(default_factory=dict)
    reservations: dict[str, Row] = field(default_factory=dict)  # by order id
    stock: dict[Shelf, Row] = field(default_factory=dict)
    moves: list[tuple[Shelf, int]] = field(default_factory=list)
    transactions: dict[str, Row] = field(default_factory=dict)
    entries: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[str, Row] = field(default_factory=dict)  # balances by account, all days
    folded: set[str] = field(default_factory=set)
    told: list[tuple[str, Event]] = field(default_factory=list)  # of timelines; the key's event id
    carried: list[tuple[Row, Event]] = field(default_factory=list)  # by the rows that they report

    movements: Counter[Shelf] = field(default_factory=Counter)
    held: Counter[Shelf] = field(default_factory=Counter)  # units, by reservations
    moving: set[Shelf] = field(default_factory=set)  # in the middle of a move in several pieces
    folds: dict[str, tuple[int, int]] = field(default_factory=dict)  # debit, credit by account

    def postings_of(self, payment_id: str) -> list[Row]:
        """Ledger transactions that posted a capture of this payment."""
        return [
            header
            for header in self.transactions.values()
            if header.get("payment_id") == payment_id and header["template"] == "payment_captured"
        ]


def read(tables: Mapping[str, Iterable[Row]]) -> Books:
    """Sort rows; tables that are not given are empty."""
    books = Books()
    for name in TABLES:
        for row in tables.get(name, ()):
            kind, _, rest = str(row["pk"]).partition("#")
            take = _TAKE.get((name, kind))
            if take is not None:
                take(books, rest, row)
            books.carried += [(row, event) for event in carried_by(row)]
    return books


def summed(books: Books) -> Books:
    """With the sums over all of its rows: only right if these are all that there are."""
    for shelf, quantity in books.moves:
        books.movements[shelf] += quantity
    for reservation in books.reservations.values():
        held, moving = holding(reservation)
        books.held.update(held)
        books.moving |= moving
    for entries in books.entries.values():
        for entry in entries:
            debit, credit = books.folds.get(str(entry["account"]), (0, 0))
            amount = int(entry["amount"])
            if entry["side"] == "debit":
                debit += amount
            else:
                credit += amount
            books.folds[str(entry["account"])] = (debit, credit)
    return books


def holding(reservation: Row) -> tuple[dict[Shelf, int], set[Shelf]]:
    """Units that a reservation holds, by shelf; and the shelves that it is moving from or to."""
    held: Counter[Shelf] = Counter()
    moving: set[Shelf] = set()
    for sku, location, quantity in lines_of(reservation):
        if reservation["status"] == "held":
            held[sku, location] += quantity
        elif reservation["status"] in ("committing", "restocking"):
            moving.add((sku, location))
    return held, moving


def parsed(value: Any) -> Any:
    """A JSON attribute, whether it was stored as text or as a list."""
    return json.loads(value) if isinstance(value, str) else value


def lines_of(reservation: Row) -> list[tuple[str, str, int]]:
    """(SKU, location, quantity) of what a reservation holds."""
    lines = parsed(reservation["lines"])
    return [(line["sku"], line["location"], int(line["quantity"])) for line in lines]


def refunds_due(order: Row) -> list[str]:
    """Payments that took money which this order cannot keep."""
    return list(parsed(order.get("refund_due") or "[]"))


def shelf_of_movement(rest: str) -> Shelf:
    """From what follows `MOV#` in a movement's key."""
    sku, _, location = rest.rpartition("#")
    return sku, location


def shelf_of_stock(rest: str, sk: str) -> Shelf:
    """From what follows `SKU#`, and the sort key."""
    return rest, sk.removeprefix("LOC#")


def id_of(row: Row) -> str:
    """What a row is about, as its key says."""
    return str(row["pk"]).partition("#")[2]


def carried_by(row: Row) -> list[Event]:
    """The events of a row's newest change; none if that told nothing."""
    found: list[Event] = json.loads(row.get("outbox") or "[]")
    return found


def _order(books: Books, id_: str, row: Row) -> None:
    sort = str(row["sk"])
    if sort == "ORDER":
        books.orders[id_] = row
    elif sort.startswith(EVENT):
        books.told.append((sort.rpartition("#")[2], parsed(row["event"])))


def _ledger(books: Books, id_: str, row: Row) -> None:
    if row["sk"] == "TXN":
        books.transactions[id_] = row
    else:
        books.entries[id_].append(row)


def _balance(books: Books, account: str, row: Row) -> None:
    if str(row["sk"]).startswith("DAY#"):
        total = books.totals.get(account, {})
        books.totals[account] = {
            side: int(total.get(side, 0)) + int(row.get(side, 0)) for side in ("debit", "credit")
        }


_TAKE: dict[tuple[str, str], Callable[[Books, str, Row], None]] = {
    ("orders", "ORDER"): _order,
    ("payments", "PAYMENT"): lambda books, id_, row: books.payments.__setitem__(id_, row),
    ("inventory", "SKU"): lambda books, sku, row: books.stock.__setitem__(
        shelf_of_stock(sku, str(row["sk"])), row
    ),
    ("inventory", "MOV"): lambda books, rest, row: books.moves.append(
        (shelf_of_movement(rest), int(row["quantity"]))
    ),
    ("inventory", "RSV"): lambda books, _, row: books.reservations.__setitem__(
        str(row["order_id"]), row
    ),
    ("ledger", "TXN"): _ledger,
    ("balances", "ACCOUNT"): _balance,
    ("balances", "FOLDED"): lambda books, id_, _: books.folded.add(id_),
}
