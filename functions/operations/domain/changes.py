"""Changes as the tables' streams tell them, and what each calls into question.

A name is `<kind>:<id>`: order, payment, reservation and transaction by their ids. Rows are put
beside each other by what names them, evidence.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from operations.domain.books import Row

STREAMS = ("orders", "inventory", "payments", "ledger", "balances")


@dataclass(frozen=True, slots=True)
class Change:
    """One write. `row` is what it left, None if it took the row away: then `before` is what was
    there. `expired`: TTL did it.
    """

    table: str
    kind: Literal["INSERT", "MODIFY", "REMOVE"]
    pk: str
    sk: str
    row: Row | None
    at: str
    sequence: str
    expired: bool = False
    before: Row | None = None

    @property
    def what(self) -> tuple[str, str]:
        """The kind of the row, as its key says, and the rest of the key."""
        kind, _, rest = self.pk.partition("#")
        return kind, rest

    def text(self, name: str) -> str:
        """An attribute that holds an id; "" if there is none."""
        value = (self.row or self.before or {}).get(name)
        return value if isinstance(value, str) else ""


def questions(changes: Iterable[Change]) -> dict[str, frozenset[str]]:
    """Names to look at, those of one order together, by the name that the question goes by."""
    found: dict[str, set[str]] = {}
    for change in changes:
        named = list(_named(change))
        if named:
            found.setdefault(named[0], set()).update(named)
    return {key: frozenset(names) for key, names in found.items()}


def _named(change: Change) -> Iterator[str]:
    """What a change touches; the order comes first, where the row names it."""
    kind, id_ = change.what
    if (change.table, kind) == ("orders", "ORDER"):  # the order, or an event of its timeline
        yield f"order:{id_}"
        return
    name = _KINDS.get((change.table, kind))
    if name is None:
        return
    if change.text("order_id"):
        yield f"order:{change.text('order_id')}"
    yield f"{name}:{id_}"


_KINDS = {
    ("payments", "PAYMENT"): "payment",
    ("inventory", "RSV"): "reservation",
    ("ledger", "TXN"): "transaction",
    ("balances", "FOLDED"): "transaction",
}
