"""Signs, pages and cursors."""

from datetime import UTC, datetime

import pytest

from ledger.domain.account_entries import AccountEntry, Position
from ledger.domain.accounts import account
from ledger.domain.balances import AccountTotals, Balance
from ledger.domain.transaction import Entry
from ledger.schemas import BalanceQuery
from ledger.service import query_ledger
from shop import cursor
from shop.money import Money
from shop.problems import Problem
from tests.unit.ledger.fakes import FakeBooks

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACCOUNT = "2100:USD"


def line(day: int, number: int, account_id: str = ACCOUNT) -> AccountEntry:
    recorded_at = f"2026-{day // 28 + 1:02}-{day % 28 + 1:02}T00:00:00.{number:03}Z"
    sort = f"{recorded_at}#txn#1"
    amount = Money(1, account_id.rpartition(":")[2])
    return AccountEntry("txn", 1, recorded_at, sort, Entry(account_id, "credit", amount))


def walk(books: FakeBooks, limit: int) -> list[AccountEntry]:
    found: list[AccountEntry] = []
    cursor = None
    while True:
        page = query_ledger.list_entries(
            ACCOUNT, limit=limit, cursor=cursor, balances=books, journal=books
        )
        assert not isinstance(page, Problem)
        assert len(page.items) <= limit
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_show_every_entry_once_and_the_newest_first(limit: int) -> None:
    books = FakeBooks([line(day, number) for day in (1, 3, 4) for number in range(4)])
    assert walk(books, limit) == sorted(books.lines, key=lambda each: each.sort, reverse=True)


def test_a_page_walks_a_bounded_number_of_days_and_says_that_there_are_more() -> None:
    books = FakeBooks([line(day, 0) for day in range(100)])
    page = query_ledger.list_entries(ACCOUNT, limit=100, cursor=None, balances=books, journal=books)
    assert not isinstance(page, Problem)
    assert (books.asked, page.next_cursor is not None) == (query_ledger.MAX_DAYS, True)
    assert len(walk(books, 100)) == 100


def test_accounts_come_in_pages() -> None:
    accounts = ("2100:USD", "2100:EUR", "1210:stripe:USD")
    books = FakeBooks([line(1, 1, account_id) for account_id in accounts])
    first = query_ledger.list_accounts(limit=2, cursor=None, balances=books)
    assert not isinstance(first, Problem)
    rest = query_ledger.list_accounts(limit=2, cursor=first.next_cursor, balances=books)
    assert not isinstance(rest, Problem)
    assert [each.id for each in rest.items] == ["2100:USD"]
    assert rest.next_cursor is None


@pytest.mark.parametrize(
    ("account_id", "sums", "posted", "pending"),
    [
        ("1210:stripe:USD", AccountTotals(debit=7, credit=2), 5, 0),
        ("2100:USD", AccountTotals(debit=2, credit=7), 5, 0),
        ("2100:USD", AccountTotals(debit=7, credit=2), -5, 0),
        ("1290:USD", AccountTotals(debit=7), 0, 7),
        ("2990:USD", AccountTotals(credit=7), 0, 7),
    ],
)
def test_a_balance_is_positive_on_the_accounts_own_side(
    account_id: str, sums: AccountTotals, posted: int, pending: int
) -> None:
    balance = Balance(account(account_id), sums, "")
    assert (balance.posted, balance.pending) == (posted, pending)


@pytest.mark.parametrize("account_id", ["9999:USD", "2100:EUR", "x", ""])
def test_an_account_that_is_unknown_or_unused_is_not_found(account_id: str) -> None:
    books = FakeBooks([line(1, 1)])
    found = query_ledger.get_balance(account_id, at=None, now=NOW, balances=books, journal=books)
    assert isinstance(found, Problem)
    assert found.type.code == "not_found"


def made(parts: list[str], scope: str = f"entries {ACCOUNT}") -> str:
    return cursor.encode(parts, scope=scope)


@pytest.mark.parametrize(
    "text",
    ["", "x", "e30", made(["a"]), made(["1", "2", "3"]), "W10=", "[1,2]", "é",
     made(["2026-11-22", "\u00e9"]), made(["2026-11-22", "x" * 201]),
     made(["\u0662026-11-22", ""])],
)  # fmt: skip
def test_a_cursor_that_was_not_made_here_is_refused(text: str) -> None:
    with pytest.raises(cursor.InvalidCursor):
        Position.of(text, ACCOUNT)


@pytest.mark.parametrize("text", ["", "x", "\u00e9", "9999:USD", "1210:" + "x" * 99 + ":USD"])
def test_a_list_of_accounts_goes_on_only_after_an_account(text: str) -> None:
    page = query_ledger.list_accounts(
        limit=1, cursor=made([text], "accounts"), balances=FakeBooks([])
    )
    assert isinstance(page, Problem)
    assert page.type.code == "invalid_request"


def test_a_cursor_comes_back_as_it_was() -> None:
    position = Position("2026-11-22", "2026-11-22T00:00:00.000Z#txn_use1_x#1")
    assert Position.of(position.cursor(ACCOUNT), ACCOUNT) == position


def test_a_cursor_of_one_account_is_refused_by_another() -> None:
    with pytest.raises(cursor.InvalidCursor):
        Position.of(Position("2026-11-22").cursor("2100:EUR"), ACCOUNT)


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-22",
        "1700000000",
        "2026-11-22T10:00:00",
        "x",
        "T",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_at_is_a_time_with_its_offset(at: str) -> None:
    with pytest.raises(ValueError, match="at"):
        BalanceQuery.model_validate({"at": at})
