"""The stored rows, sorted by what they are. Input: plain rows per table, as a scan gives them."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]
TABLES = ("orders", "inventory", "payments", "ledger", "balances")


@dataclass(slots=True)
class Books:
    """Everything that the invariants speak of."""

    orders: dict[str, Row] = field(default_factory=dict)
    payments: dict[str, Row] = field(default_factory=dict)
    reservations: dict[str, Row] = field(default_factory=dict)  # by order id
    stock: dict[tuple[str, str], Row] = field(default_factory=dict)  # by SKU and location
    movements: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    transactions: dict[str, Row] = field(default_factory=dict)
    entries: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[str, Row] = field(default_factory=dict)  # balances by account
    folded: set[str] = field(default_factory=set)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # (row's id, envelope)

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
            if "outbox" in row:
                books.events.append((_event_id(row), json.loads(row["outbox"])))
    return books


def parsed(value: Any) -> Any:
    """A JSON attribute, whether it was stored as text or as a list."""
    return json.loads(value) if isinstance(value, str) else value


def lines_of(reservation: Row) -> list[tuple[str, str, int]]:
    """(SKU, location, quantity) of what a reservation holds."""
    return [(sku, location, int(n)) for sku, location, n in parsed(reservation["lines"])]


def _event_id(row: Row) -> str:
    return str(row["pk"]).removeprefix("OUTBOX#") if row["sk"] == "OUTBOX" else ""


def _order(books: Books, id_: str, row: Row) -> None:
    if row["sk"] == "ORDER":
        books.orders[id_] = row


def _movement(books: Books, rest: str, row: Row) -> None:
    sku, _, location = rest.rpartition("#")
    books.movements[sku, location] += int(row["quantity"])


def _ledger(books: Books, id_: str, row: Row) -> None:
    if row["sk"] == "TXN":
        books.transactions[id_] = row
    else:
        books.entries[id_].append(row)


def _balance(books: Books, account: str, row: Row) -> None:
    if row["sk"] == "TOTAL":
        books.totals[account] = row


_TAKE: dict[tuple[str, str], Callable[[Books, str, Row], None]] = {
    ("orders", "ORDER"): _order,
    ("payments", "PAYMENT"): lambda books, id_, row: books.payments.__setitem__(id_, row),
    ("inventory", "SKU"): lambda books, sku, row: books.stock.__setitem__(
        (sku, str(row["sk"]).removeprefix("LOC#")), row
    ),
    ("inventory", "MOV"): _movement,
    ("inventory", "RSV"): lambda books, _, row: books.reservations.__setitem__(
        str(row["order_id"]), row
    ),
    ("ledger", "TXN"): _ledger,
    ("balances", "ACCOUNT"): _balance,
    ("balances", "FOLDED"): lambda books, id_, _: books.folded.add(id_),
}
