"""The books in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ledger.domain.account_entries import AccountEntry
from ledger.domain.accounts import account
from ledger.domain.balances import AccountTotals, Balance, RecordedTransaction, by_account, changes
from ledger.domain.transaction import Transaction
from shop import clock


class FakeBalances:
    """Adds in memory, all or nothing, as the table does."""

    def __init__(self) -> None:
        self.folded: set[str] = set()
        self.totals: dict[str, AccountTotals] = {}
        self.sizes: list[int] = []

    def add(self, postings: Sequence[RecordedTransaction], *, now: datetime) -> frozenset[str]:
        daily = changes(postings)
        self.sizes.append(len(postings) + len(daily) + len(by_account(daily)))
        before = frozenset(each.id for each in postings) & self.folded
        if before:
            return before
        self.folded |= {each.id for each in postings}
        for account_id, sums in by_account(daily).items():
            self.totals[account_id] = self.totals.get(account_id, AccountTotals()) + sums
        return frozenset()


@dataclass
class FakeBooks:
    """Both ports of reading over a list of lines; `asked` counts the days that were read."""

    lines: list[AccountEntry] = field(default_factory=list)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    asked: int = 0

    def accounts(self, *, after: str | None, limit: int) -> Sequence[str]:
        everything = sorted({line.entry.account for line in self.lines})
        return [text for text in everything if text > (after or "")][:limit]

    def total(self, account_id: str) -> Balance | None:
        of = self._of(account_id)
        return Balance(account(account_id), _sums(of), "now") if of else None

    def sums_until(self, account_id: str, day: str) -> tuple[AccountTotals, AccountTotals]:
        of = self._of(account_id)
        return (
            _sums([line for line in of if line.recorded_at[:10] < day]),
            _sums([line for line in of if line.recorded_at[:10] == day]),
        )

    def days(self, account_id: str, *, until: str | None) -> Iterator[str]:
        days = {line.recorded_at[:10] for line in self._of(account_id)}
        return iter(sorted((day for day in days if day <= (until or "~")), reverse=True))

    def get(self, transaction_id: str) -> Transaction | None:
        return self.transactions.get(transaction_id)

    def sums_of_day(self, account_id: str, *, until: datetime) -> AccountTotals:
        moment = clock.rfc3339(until)
        of_day = [line for line in self._of(account_id) if line.recorded_at[:10] == moment[:10]]
        return _sums([line for line in of_day if line.recorded_at <= moment])

    def entries(
        self, account_id: str, day: str, *, before: str | None, limit: int
    ) -> Sequence[AccountEntry]:
        self.asked += 1
        found = [each for each in self._of(account_id) if each.recorded_at.startswith(day)]
        found = [each for each in found if before is None or each.sort < before]
        return sorted(found, key=lambda each: each.sort, reverse=True)[:limit]

    def _of(self, account_id: str) -> list[AccountEntry]:
        return [line for line in self.lines if line.entry.account == account_id]


def _sums(lines: Sequence[AccountEntry]) -> AccountTotals:
    sums = AccountTotals(version=len({line.transaction_id for line in lines}))
    for line in lines:
        sums = sums.with_entry(line.entry)
    return sums
