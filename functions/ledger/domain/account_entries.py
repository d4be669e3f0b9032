"""What readers of an account see, and where in its entries they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.domain.transaction import Entry
from shop import cursor

_FORMS = ("[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[\x21-\x7e]{0,200}")


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An entry as one line of its account; `sort` is its place within the day."""

    transaction_id: str
    number: int
    recorded_at: str
    sort: str
    entry: Entry
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """Before what to go on: an entry's place within a day; "" is the end of that day."""

    day: str
    sort: str = ""

    def cursor(self, account_id: str) -> str:
        """As opaque text, for the list of this account's entries."""
        return cursor.encode([self.day, self.sort], scope=f"entries {account_id}")

    @classmethod
    def of(cls, text: str, account_id: str) -> "Position":
        """Inverse of `cursor`; raises InvalidCursor."""
        return cls(*cursor.decode(text, scope=f"entries {account_id}", forms=_FORMS))
