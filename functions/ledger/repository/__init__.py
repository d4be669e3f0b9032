"""The ledger in DynamoDB: a table that only grows, and one that is folded from it."""

from ledger.repository.balances import BalanceRepository
from ledger.repository.journal import JournalRepository

__all__ = ["BalanceRepository", "JournalRepository"]
