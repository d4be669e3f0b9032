"""What a balance is: the fold of an account's entries, by day and in total."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ledger.domain.accounts import Account
from ledger.domain.transaction import Entry, PostingRejected, validate_entries
from shop import clock
from shop.money import Money


@dataclass(frozen=True, slots=True)
class AccountTotals:
    """Debits and credits of an account; `version` is the number of transactions in them."""

    debit: int = 0
    credit: int = 0
    version: int = 0

    def __add__(self, other: "AccountTotals") -> "AccountTotals":
        return AccountTotals(
            self.debit + other.debit, self.credit + other.credit, self.version + other.version
        )

    def with_entry(self, entry: Entry) -> "AccountTotals":
        """With one entry more; the caller counts transactions."""
        if entry.side == "debit":
            return replace(self, debit=self.debit + entry.amount.amount)
        return replace(self, credit=self.credit + entry.amount.amount)


@dataclass(frozen=True, slots=True)
class RecordedTransaction:
    """A transaction as the stream brings it: what the fold needs of it."""

    id: str
    recorded_at: str
    entries: Sequence[Entry]

    @property
    def day(self) -> str:
        """The UTC day under which its entries are kept."""
        return self.recorded_at[:10]


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's balance as the API shows it; positive on the account's own side."""

    account: Account
    sums: AccountTotals
    as_of: str

    @property
    def posted(self) -> int:
        """What was posted, in minor units. Memo accounts have nothing posted."""
        return 0 if self.account.type.memo else self._net()

    @property
    def pending(self) -> int:
        """What is authorised but not captured: memo accounts only."""
        return self._net() if self.account.type.memo else 0

    def _net(self) -> int:
        net = self.sums.debit - self.sums.credit
        return net if self.account.side == "debit" else -net


def read_posted(
    transaction_id: str, recorded_at: str, entries: Iterable[Any]
) -> RecordedTransaction:
    """Check what an event says; raises PostingRejected for anything that is not a posting."""
    try:
        clock.parse(recorded_at)
        read = [
            Entry(entry["account"], entry["side"], Money.of(entry["amount"])) for entry in entries
        ]
        if any(entry.side not in ("debit", "credit") for entry in read):
            raise PostingRejected("a side is debit or credit")
    except (KeyError, TypeError, AttributeError) as error:
        raise PostingRejected("not a list of entries") from error
    return RecordedTransaction(transaction_id, recorded_at, validate_entries(read))


def changes(postings: Iterable[RecordedTransaction]) -> Mapping[tuple[str, str], AccountTotals]:
    """What these transactions add, by (account, day)."""
    found: defaultdict[tuple[str, str], AccountTotals] = defaultdict(AccountTotals)
    for posted in postings:
        for entry in posted.entries:
            key = (entry.account, posted.day)
            found[key] = found[key].with_entry(entry)
        for account_id in {entry.account for entry in posted.entries}:
            found[account_id, posted.day] += AccountTotals(version=1)
    return dict(found)


def by_account(daily: Mapping[tuple[str, str], AccountTotals]) -> Mapping[str, AccountTotals]:
    """The same, over all days."""
    found: defaultdict[str, AccountTotals] = defaultdict(AccountTotals)
    for (account_id, _day), sums in daily.items():
        found[account_id] += sums
    return dict(found)
