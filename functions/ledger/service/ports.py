"""What the use cases need from storage."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from ledger.domain.account_entries import AccountEntry
from ledger.domain.balances import AccountTotals, Balance, RecordedTransaction
from ledger.domain.transaction import Transaction
from shop.events import Event


class Balances(Protocol):
    """Folded balances."""

    def accounts(self, *, after: str | None, limit: int) -> Sequence[str]: ...
    def total(self, account_id: str) -> Balance | None: ...
    def sums_until(self, account_id: str, day: str) -> tuple[AccountTotals, AccountTotals]: ...
    def days(self, account_id: str, *, until: str | None) -> Iterator[str]: ...


class Journal(Protocol):
    """Posted transactions."""

    def get(self, transaction_id: str) -> Transaction | None: ...
    def sums_of_day(self, account_id: str, *, until: datetime) -> AccountTotals: ...
    def entries(
        self, account_id: str, day: str, *, before: str | None, limit: int
    ) -> Sequence[AccountEntry]: ...


class BalanceProjection(Protocol):
    """Where balances are kept."""

    def add(self, postings: Sequence[RecordedTransaction], *, now: datetime) -> frozenset[str]:
        """Add them in one transaction with their markers.

        Returns the ids that were folded before; if there are any, nothing was added.
        """


class JournalWriter(Protocol):
    """Where transactions are kept."""

    def append(self, transaction: Transaction, event: Event) -> bool:
        """Store it whole; False if it is there already."""
