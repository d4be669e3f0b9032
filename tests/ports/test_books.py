"""The ledger's ports, in memory and on DynamoDB: what is folded, and what is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.domain import transaction as posting
from ledger.domain.account_entries import AccountEntry
from ledger.domain.balances import AccountTotals, RecordedTransaction
from ledger.domain.transaction import Entry, Transaction
from ledger.events import EntryData, TransactionPosted
from ledger.repository import BalanceRepository, JournalRepository
from ledger.service import ports
from shop import clock, events, ids, trace
from shop.money import Money
from tests.support import dynamodb
from tests.unit.ledger.fakes import FakeBalances, FakeBooks

PORTS = (ports.BalanceProjection, ports.Balances, ports.Journal, ports.JournalWriter)
NOW = datetime(2026, 11, 20, 23, 59, 58, tzinfo=UTC)
CLEARING, DEPOSITS = "1210:stripe:USD", "2100:USD"
DAY, NEXT_DAY = "2026-11-20", "2026-11-21"


def transaction(number: int, at: datetime, amount: int) -> Transaction:
    cause = ids.derive("evt", str(number), region="use1")
    return Transaction(
        id=posting.transaction_id(cause, "payment_captured"),
        template="payment_captured",
        cause_event_id=cause,
        effective_at=clock.rfc3339(NOW),
        recorded_at=clock.rfc3339(at),
        entries=posting.entries_of(
            "payment_captured",
            amounts={"amount": Money(amount, "USD")},
            dimensions={"psp": "stripe"},
        ),
        references={"order_id": ids.derive("ord", str(number), region="use1")},
    )


# 1, 2, 4, 8 and 16 cents, a second apart, over midnight.
ALL = [transaction(n, NOW + timedelta(seconds=n), 2**n) for n in range(5)]


def line(of: Transaction, number: int, entry: Entry) -> AccountEntry:
    sort = f"{of.recorded_at}#{of.id}#{number}"
    return AccountEntry(of.id, number, of.recorded_at, sort, entry, of.references)


def event(of: Transaction) -> events.Event:
    entries = [EntryData.model_validate(entry.to_dict()) for entry in of.entries]
    told = TransactionPosted(
        transaction_id=of.id, template=of.template, cause_event_id="", entries=entries
    )
    return events.event(
        told, producer="ledger", subject=of.id, sequence=1, now=NOW, trace=trace.from_header(None)
    )


@dataclass
class Books:
    """What was posted and folded, by its ports."""

    balances: ports.Balances
    journal: ports.Journal


@pytest.fixture(params=["fake", "dynamodb"])
def books(request: pytest.FixtureRequest) -> Books:
    if request.param == "fake":
        lines = [line(each, n, entry) for each in ALL for n, entry in enumerate(each.entries, 1)]
        fake = FakeBooks(lines, {each.id: each for each in ALL})
        return Books(fake, fake)
    request.getfixturevalue("moto_aws")
    dynamodb.create("ledger", "balances")
    journal, balances = JournalRepository(), BalanceRepository()
    for each in ALL:
        assert journal.append(each, event(each))
        assert not journal.append(each, event(each)), "it is there already"
        balances.add([RecordedTransaction(each.id, each.recorded_at, each.entries)], now=NOW)
    return Books(balances, journal)


def test_a_transaction_comes_back_whole(books: Books) -> None:
    assert books.journal.get(ALL[2].id) == ALL[2]
    assert books.journal.get("txn_nobody") is None


def test_accounts_that_have_entries_come_in_order_page_by_page(books: Books) -> None:
    assert list(books.balances.accounts(after=None, limit=9)) == [CLEARING, DEPOSITS]
    assert list(books.balances.accounts(after=None, limit=1)) == [CLEARING]
    assert list(books.balances.accounts(after=CLEARING, limit=9)) == [DEPOSITS]


def test_a_total_is_the_sum_of_all_entries_and_none_without_any(books: Books) -> None:
    for account_id, sums in (
        (CLEARING, AccountTotals(31, 0, 5)),
        (DEPOSITS, AccountTotals(0, 31, 5)),
    ):
        found = books.balances.total(account_id)
        assert found is not None
        assert (found.account.id, found.sums) == (account_id, sums)
    assert books.balances.total("2100:EUR") is None


def test_days_are_those_with_entries_the_newest_first(books: Books) -> None:
    assert list(books.balances.days(CLEARING, until=None)) == [NEXT_DAY, DAY]
    assert list(books.balances.days(CLEARING, until=DAY)) == [DAY]
    assert list(books.balances.days(CLEARING, until="2026-11-19")) == []
    assert list(books.balances.days("2100:EUR", until=None)) == []


def test_sums_of_days_are_those_before_and_of_the_day_itself(books: Books) -> None:
    assert books.balances.sums_until(CLEARING, DAY) == (AccountTotals(), AccountTotals(3, 0, 2))
    assert books.balances.sums_until(CLEARING, NEXT_DAY) == (
        AccountTotals(3, 0, 2),
        AccountTotals(28, 0, 3),
    )
    assert books.balances.sums_until(CLEARING, "2026-11-22") == (
        AccountTotals(31, 0, 5),
        AccountTotals(),
    )


def test_the_sum_of_a_day_ends_with_its_moment(books: Books) -> None:
    def until(seconds: float) -> AccountTotals:
        return books.journal.sums_of_day(DEPOSITS, until=NOW + timedelta(seconds=seconds))

    assert [until(s) for s in (-1, 0, 0.999, 1)] == [
        AccountTotals(),
        *[AccountTotals(0, 1, 1)] * 2,
        AccountTotals(0, 3, 2),
    ]
    assert [until(s) for s in (2, 4)] == [AccountTotals(0, 4, 1), AccountTotals(0, 28, 3)]


def test_entries_of_a_day_are_the_newest_before_a_place(books: Books) -> None:
    newest_first = [line(each, 2, each.entries[1]) for each in reversed(ALL[2:])]

    def entries(**which: Any) -> Sequence[AccountEntry]:
        return list(books.journal.entries(DEPOSITS, NEXT_DAY, **which))

    assert entries(before=None, limit=9) == newest_first
    assert entries(before=None, limit=2) == newest_first[:2]
    assert entries(before=newest_first[0].sort, limit=1) == newest_first[1:2]
    assert entries(before=newest_first[2].sort, limit=9) == []


@pytest.fixture(params=["fake", "dynamodb"])
def balances(request: pytest.FixtureRequest) -> ports.BalanceProjection:
    if request.param == "fake":
        return FakeBalances()
    request.getfixturevalue("moto_aws")
    dynamodb.create("balances")
    return BalanceRepository()


def total(balances: ports.BalanceProjection, account_id: str) -> AccountTotals:
    if isinstance(balances, FakeBalances):
        return balances.totals.get(account_id, AccountTotals())
    found = BalanceRepository().total(account_id)
    return found.sums if found else AccountTotals()


def test_what_was_folded_before_is_named_and_then_nothing_is_added(
    balances: ports.BalanceProjection,
) -> None:
    posted = [RecordedTransaction(each.id, each.recorded_at, each.entries) for each in ALL]
    assert balances.add(posted[:2], now=NOW) == frozenset()
    assert balances.add(posted, now=NOW) == {posted[0].id, posted[1].id}
    assert total(balances, CLEARING) == AccountTotals(3, 0, 2)
    assert balances.add(posted[2:], now=NOW) == frozenset()
    assert (total(balances, CLEARING), total(balances, DEPOSITS)) == (
        AccountTotals(31, 0, 5),
        AccountTotals(0, 31, 5),
    )
