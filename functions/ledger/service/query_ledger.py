"""Read accounts, balances, entries and transactions. Business outcomes are values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from ledger.domain.account_entries import AccountEntry, Position
from ledger.domain.accounts import Account, UnknownAccount, account
from ledger.domain.balances import Balance
from ledger.domain.transaction import Transaction
from ledger.service.ports import Balances, Journal
from shop import clock, ids, problems
from shop import cursor as cursors
from shop.problems import Problem

# Days that one page may walk: an account with an entry a month cannot make a request slow.
MAX_DAYS = 31
# Transactions of one day that one request reads: a few megabytes.
MAX_TRANSACTIONS = 5000
DAY_END = "T23:59:59.999Z"
NO_ENTRIES = Problem(problems.NOT_FOUND, "The account has no entries.")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and where the next ones begin."""

    items: Sequence[T]
    next_cursor: str | None


def list_accounts(*, limit: int, cursor: str | None, balances: Balances) -> Page[Account] | Problem:
    """Accounts that have entries, by id."""
    try:
        after = cursors.decode(cursor, scope="accounts", forms=[".{1,200}"])[0] if cursor else None
        after = account(after).id if after else None
    except (cursors.InvalidCursor, UnknownAccount):
        return cursors.REFUSED
    found = balances.accounts(after=after, limit=limit + 1)
    more = len(found) > limit
    next_cursor = cursors.encode([found[limit - 1]], scope="accounts") if more else None
    return Page([account(account_id) for account_id in found[:limit]], next_cursor)


def get_balance(
    account_id: str, *, at: datetime | None, now: datetime, balances: Balances, journal: Journal
) -> Balance | Problem:
    """The balance as folded so far, or as recorded up to `at`.

    The past is the fold of the days before and of the entries of its own day, which are read one by
    one: of a busy day only its end can be told.
    """
    total = _total(account_id, balances)
    if isinstance(total, Problem) or at is None or at >= now:
        return total
    moment = clock.rfc3339(at)
    before, of_day = balances.sums_until(account_id, moment[:10])
    if not moment.endswith(DAY_END):
        if of_day.version > MAX_TRANSACTIONS:
            return _too_busy(moment[:10])
        of_day = journal.sums_of_day(account_id, until=at)
    return Balance(total.account, before + of_day, as_of=moment)


def list_entries(
    account_id: str, *, limit: int, cursor: str | None, balances: Balances, journal: Journal
) -> Page[AccountEntry] | Problem:
    """Entries of an account, newest first: day by day, over the days that have any.

    A page may be short, or even empty, and still have a next one.
    """
    try:
        start = Position.of(cursor, account_id) if cursor else None
    except cursors.InvalidCursor:
        return cursors.REFUSED
    if (unknown := _unknown(account_id)) is not None:
        return unknown
    found: list[AccountEntry] = []
    days = balances.days(account_id, until=start.day if start else None)
    has_any = start is not None  # a cursor is of a page that there was
    for walked, day in enumerate(days):
        has_any = True
        if walked == MAX_DAYS:
            return Page(found, Position(day).cursor(account_id))
        before = (start.sort or None) if start and start.day == day else None
        found += journal.entries(account_id, day, before=before, limit=limit + 1 - len(found))
        if len(found) > limit:
            last = found[limit - 1]
            place = Position(last.recorded_at[:10], last.sort)
            return Page(found[:limit], place.cursor(account_id))
    return Page(found, None) if has_any else NO_ENTRIES


def get_transaction(transaction_id: str, *, journal: Journal) -> Transaction | Problem:
    """The whole transaction."""
    found = journal.get(transaction_id) if ids.is_id("txn", transaction_id) else None
    return found or Problem(problems.NOT_FOUND, "There is no such transaction.")


def _total(account_id: str, balances: Balances) -> Balance | Problem:
    return _unknown(account_id) or balances.total(account_id) or NO_ENTRIES


def _unknown(account_id: str) -> Problem | None:
    try:
        account(account_id)
    except UnknownAccount:
        return Problem(problems.NOT_FOUND, "The chart of accounts has no such account.")
    return None


def _too_busy(day: str) -> Problem:
    detail = f"more than {MAX_TRANSACTIONS} transactions on that day: ask for {day}{DAY_END}"
    error = {"parameter": "at", "code": "too_many_entries", "detail": detail}
    return Problem(problems.INVALID_REQUEST, "See errors for the fields.", errors=[error])
