"""The table `balances`: ACCOUNT#<account>/DAY#<date>, FOLDED#<txn>, ACCOUNTS/<id>.

A balance is the sum of its days: a total beside them would be written with every transaction.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from ledger.domain.accounts import account
from ledger.domain.balances import AccountTotals, Balance, RecordedTransaction, by_account, changes
from shop import clock, tables
from shop.tables import TableModel, transact

_END = "~"  # sorts after every date


class BalanceItem(TableModel):
    """AccountTotals of an account, of one day."""

    Meta = tables.meta("balances")

    debit = NumberAttribute(default=0)
    credit = NumberAttribute(default=0)
    version = NumberAttribute(default=0)
    folded_at = UnicodeAttribute(null=True)


class AppliedMarkerItem(TableModel):
    """This transaction is in the balances."""

    Meta = tables.meta("balances")

    folded_at = UnicodeAttribute()


class AccountItem(TableModel):
    """This account has entries."""

    Meta = tables.meta("balances")

    account = UnicodeAttribute(null=True)


class BalanceRepository:
    """The table `balances`."""

    def __init__(self) -> None:
        # Accounts that this process has listed: their list rows need no second write.
        self._listed: set[str] = set()

    def add(self, postings: Sequence[RecordedTransaction], *, now: datetime) -> frozenset[str]:
        """Add transactions and their markers at once; the ids that had a marker, then nothing."""
        daily = changes(postings)
        new = set(by_account(daily)) - self._listed
        moment = clock.rfc3339(now)

        def build(write: TransactWrite) -> None:
            for posted in postings:
                marker = AppliedMarkerItem(f"FOLDED#{posted.id}", "FOLDED", folded_at=moment)
                write.save(marker, condition=AppliedMarkerItem.pk.does_not_exist())
            for (account_id, day), sums in daily.items():
                _add(write, account_id, day, sums, moment)
            for account_id in sorted(new):
                listed = AccountItem("ACCOUNTS", account_id)
                write.update(listed, actions=[AccountItem.account.set(account_id)])

        failed = transact(build)
        if failed:
            return frozenset(postings[reason.index].id for reason in failed)
        self._listed |= new
        return frozenset()

    def accounts(self, *, after: str | None, limit: int) -> Sequence[str]:
        """Ids of accounts that have entries, in order."""
        rows = AccountItem.query("ACCOUNTS", AccountItem.sk > after if after else None, limit=limit)
        return [row.sk for row in rows]

    def total(self, account_id: str) -> Balance | None:
        """The balance as folded so far, or None for an account without entries.

        One request for 20 years of days, up to a read unit for each two months of them.
        """
        sums, folded_at = AccountTotals(), ""
        for row in BalanceItem.query(f"ACCOUNT#{account_id}", BalanceItem.sk.startswith("DAY#")):
            sums, folded_at = sums + _sums(row), max(folded_at, row.folded_at or "")
        return Balance(account(account_id), sums, folded_at) if sums.version else None

    def sums_until(self, account_id: str, day: str) -> tuple[AccountTotals, AccountTotals]:
        """The fold of all days before `day`, and of that day."""
        before = of_day = AccountTotals()
        for row in BalanceItem.query(
            f"ACCOUNT#{account_id}", BalanceItem.sk.between("DAY#", f"DAY#{day}")
        ):
            if row.sk == f"DAY#{day}":
                of_day = _sums(row)
            else:
                before += _sums(row)
        return before, of_day

    def days(self, account_id: str, *, until: str | None) -> Iterator[str]:
        """Days on which the account has entries, newest first, from `until` on."""
        last = f"DAY#{until or _END}"
        rows = BalanceItem.query(
            f"ACCOUNT#{account_id}",
            BalanceItem.sk.between("DAY#", last),
            scan_index_forward=False,
            page_size=100,
        )
        return (row.sk.removeprefix("DAY#") for row in rows)


def _add(write: TransactWrite, account_id: str, day: str, sums: AccountTotals, moment: str) -> None:
    actions: list[Action] = [
        BalanceItem.debit.add(sums.debit),
        BalanceItem.credit.add(sums.credit),
        BalanceItem.version.add(sums.version),
        BalanceItem.folded_at.set(moment),
    ]
    write.update(BalanceItem(f"ACCOUNT#{account_id}", f"DAY#{day}"), actions=actions)


def _sums(row: BalanceItem) -> AccountTotals:
    return AccountTotals(int(row.debit), int(row.credit), int(row.version))
