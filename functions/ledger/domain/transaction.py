"""What may be posted: balanced, in known accounts, whole.

Every transaction comes from a template and a cause, and its id is derived from both: posting the
same cause again finds what is there.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.domain.accounts import UnknownAccount, account
from ledger.domain.chart import TEMPLATES, Side
from shop import ids
from shop.money import Money

# The fold writes up to three balance rows per entry and one marker, in a transaction of 100 items.
MAX_ENTRIES = 32
_PLACEHOLDER = re.compile(r"{([a-z]+)}")


class PostingRejected(ValueError):
    """The ledger does not take this posting."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One side of a posting. The amount is positive; the side says where it goes."""

    account: str
    side: Side
    amount: Money

    def to_dict(self) -> dict[str, Any]:
        """As events and answers have it."""
        return {"account": self.account, "side": self.side, "amount": self.amount.to_dict()}


@dataclass(frozen=True, slots=True)
class Transaction:
    """A posting with its cause. `effective_at`: when it happened; `recorded_at`: when we knew."""

    id: str
    template: str
    cause_event_id: str
    effective_at: str
    recorded_at: str
    entries: Sequence[Entry]
    references: Mapping[str, str] = field(default_factory=dict)


def transaction_id(cause_event_id: str, template: str) -> str:
    """The id that this cause always gives, so that a replay finds it taken."""
    return ids.derive("txn", cause_event_id, template, region=ids.region_of(cause_event_id))


def entries_of(
    template: str, *, amounts: Mapping[str, Money], dimensions: Mapping[str, str]
) -> Sequence[Entry]:
    """Fill a template in. Amounts of zero give no entry; PostingRejected for what does not fit."""
    legs = TEMPLATES.get(template)
    if legs is None:
        raise PostingRejected("no such template")
    if {leg.amount for leg in legs} != set(amounts):
        raise PostingRejected("a template takes exactly its own amounts")
    return validate_entries(
        [
            Entry(_account_id(leg.account, amount.currency, dimensions), leg.side, amount)
            for leg in legs
            if (amount := amounts[leg.amount]).amount != 0
        ]
    )


def validate_entries(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries, if they are a posting; raises PostingRejected otherwise.

    Asserted when a posting is made and again when it is read from the stream.
    """
    if not 0 < len(entries) <= MAX_ENTRIES:
        raise PostingRejected(f"a posting has 1 to {MAX_ENTRIES} entries")
    net: Counter[str] = Counter()
    for entry in entries:
        if entry.amount.amount <= 0:
            raise PostingRejected("an entry has a positive amount")
        if _known(entry.account).currency != entry.amount.currency:
            raise PostingRejected("an account takes its own currency only")
        sign = 1 if entry.side == "debit" else -1
        net[entry.amount.currency] += sign * entry.amount.amount
    if any(net.values()):
        raise PostingRejected("debits equal credits in every currency")
    return entries


def _known(account_id: str) -> Any:
    try:
        return account(account_id)
    except UnknownAccount as error:
        raise PostingRejected(f"unknown account: {error}") from error


def _account_id(pattern: str, currency: str, dimensions: Mapping[str, str]) -> str:
    missing = [name for name in _PLACEHOLDER.findall(pattern) if name not in dimensions]
    if missing:
        raise PostingRejected(f"{pattern} needs {missing[0]}")
    return f"{pattern.format_map(dimensions)}:{currency}"
