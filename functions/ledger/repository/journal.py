"""The table `ledger`: TXN#<id>/TXN with its event, TXN#<id>/ENTRY#<n>; index by_account.

The index has entries by `<account>#<day>#<shard>`, so no key of it grows for longer than a day.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from ledger.domain.account_entries import AccountEntry
from ledger.domain.balances import AccountTotals
from ledger.domain.transaction import Entry, Transaction
from shop import clock, ids, tables
from shop.money import Money
from shop.tables import EventRow, TableModel, transact

REFERENCES = ("order_id", "payment_id")
_END = "~"  # sorts after every character of an id or a time


# An account's entries of a day are spread over these: one key takes a thousand writes a second, and
# an index that is slower than its table slows the table down.
SHARDS = 4
# What is shown of an entry in its account.
SHOWN = ("account", "side", "amount", "currency", "order_id", "payment_id")


class TransactionItem(EventRow):
    """A transaction, with its event: for ever, since no row here is written twice."""

    Meta = tables.meta("ledger")

    template = UnicodeAttribute()
    cause_event_id = UnicodeAttribute()
    effective_at = UnicodeAttribute()
    recorded_at = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)


class EntryItem(TableModel):
    """One entry of a transaction."""

    Meta = tables.meta("ledger")

    account = UnicodeAttribute()
    side = UnicodeAttribute()
    amount = NumberAttribute()
    currency = UnicodeAttribute()
    account_day = UnicodeAttribute()
    entry_sort = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    by_account = tables.index("by_account", "account_day", "entry_sort", project=SHOWN)


class _RowItem(TableModel):
    """A header or an entry, as one query of a transaction brings both."""

    Meta = tables.meta("ledger")

    template = UnicodeAttribute(null=True)
    cause_event_id = UnicodeAttribute(null=True)
    effective_at = UnicodeAttribute(null=True)
    recorded_at = UnicodeAttribute(null=True)
    order_id = UnicodeAttribute(null=True)
    payment_id = UnicodeAttribute(null=True)
    account = UnicodeAttribute(null=True)
    side = UnicodeAttribute(null=True)
    amount = NumberAttribute(null=True)
    currency = UnicodeAttribute(null=True)


class JournalRepository:
    """The table `ledger`: transactions are appended and read, nothing else."""

    def append(self, transaction: Transaction, event: Any) -> bool:
        """Store header and entries, all or nothing; False if the transaction is there already."""

        def build(write: TransactWrite) -> None:
            write.save(_header(transaction, event), condition=TransactionItem.pk.does_not_exist())
            for number, entry in enumerate(transaction.entries, start=1):
                item = _entry_item(transaction, number, entry)
                write.save(item, condition=EntryItem.pk.does_not_exist())

        return not transact(build)

    def get(self, transaction_id: str) -> Transaction | None:
        """The whole transaction: one query of its partition."""
        rows = list(_RowItem.query(f"TXN#{transaction_id}"))
        header = next((row for row in rows if row.sk == "TXN"), None)
        if header is None:
            return None
        return Transaction(
            id=transaction_id,
            template=header.template,
            cause_event_id=header.cause_event_id,
            effective_at=header.effective_at,
            recorded_at=header.recorded_at,
            entries=[_entry(row) for row in sorted(rows, key=_number) if row is not header],
            references=_references(header),
        )

    def entries(
        self, account_id: str, day: str, *, before: str | None, limit: int
    ) -> Sequence[AccountEntry]:
        """Entries of an account on a day, newest first, before a position in that day.

        One query for each shard: the newest of all are among the newest of each.
        """
        found = [
            item
            for shard in range(SHARDS)
            for item in EntryItem.by_account.query(
                f"{account_id}#{day}#{shard}",
                EntryItem.entry_sort < before if before else None,
                scan_index_forward=False,
                limit=limit,
            )
        ]
        found.sort(key=lambda item: str(item.entry_sort), reverse=True)
        return [_account_entry(item) for item in found[:limit]]

    def sums_of_day(self, account_id: str, *, until: datetime) -> AccountTotals:
        """The fold of the entries of `until`'s day, up to and with that moment: all are read."""
        moment = clock.rfc3339(until)
        sums, transactions = AccountTotals(), set()
        for shard in range(SHARDS):
            for item in EntryItem.by_account.query(
                f"{account_id}#{moment[:10]}#{shard}", EntryItem.entry_sort <= f"{moment}#{_END}"
            ):
                sums = sums.with_entry(_entry(item))
                transactions.add(item.pk)
        return sums + AccountTotals(version=len(transactions))


def _header(transaction: Transaction, event: Any) -> TransactionItem:
    return TransactionItem(
        f"TXN#{transaction.id}",
        "TXN",
        template=transaction.template,
        cause_event_id=transaction.cause_event_id,
        effective_at=transaction.effective_at,
        recorded_at=transaction.recorded_at,
        outbox=tables.outbox_text(event),
        **_referring(transaction),
    )


def _entry_item(transaction: Transaction, number: int, entry: Entry) -> EntryItem:
    shard = ids.shard_of(transaction.id, SHARDS)
    return EntryItem(
        f"TXN#{transaction.id}",
        f"ENTRY#{number}",
        account=entry.account,
        side=entry.side,
        amount=entry.amount.amount,
        currency=entry.amount.currency,
        account_day=f"{entry.account}#{transaction.recorded_at[:10]}#{shard}",
        entry_sort=f"{transaction.recorded_at}#{transaction.id}#{number}",
        **_referring(transaction),
    )


def _referring(transaction: Transaction) -> dict[str, Any]:
    return {name: transaction.references.get(name) for name in REFERENCES}


def _references(row: Any) -> dict[str, str]:
    found = {name: getattr(row, name) for name in REFERENCES}
    return {name: value for name, value in found.items() if value is not None}


def _entry(row: Any) -> Entry:
    return Entry(row.account, row.side, Money(int(row.amount), row.currency))


def _account_entry(item: EntryItem) -> AccountEntry:
    recorded_at, transaction_id, number = item.entry_sort.split("#")
    return AccountEntry(
        transaction_id=transaction_id,
        number=int(number),
        recorded_at=recorded_at,
        sort=item.entry_sort,
        entry=_entry(item),
        references=_references(item),
    )


def _number(row: Any) -> int:
    return int(row.sk.removeprefix("ENTRY#")) if row.sk != "TXN" else 0
