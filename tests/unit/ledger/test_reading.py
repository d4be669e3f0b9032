"""Signs, pages and cursors."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest

from ledger.domain.accounts import account
from ledger.domain.balances import Balance, Sums
from ledger.domain.posting import Entry, Transaction
from ledger.domain.reading import AccountEntry, Position
from ledger.schemas import BalanceQuery
from ledger.service import reading
from shop import cursor
from shop.money import Money
from shop.problems import Problem

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACCOUNT = "2100:USD"


def line(day: int, number: int) -> AccountEntry:
    recorded_at = f"2026-{day // 28 + 1:02}-{day % 28 + 1:02}T00:00:00.{number:03}Z"
    sort = f"{recorded_at}#txn#1"
    return AccountEntry("txn", 1, recorded_at, sort, Entry(ACCOUNT, "credit", Money(1, "USD")))


class FakeBooks:
    """Both ports over a list of lines."""

    def __init__(self, lines: list[AccountEntry]) -> None:
        self.lines = lines
        self.asked = 0
        self.indexed = True

    def accounts(self, *, after: str | None, limit: int) -> Sequence[str]:
        everything = ["1210:stripe:USD", "2100:EUR", "2100:USD"]
        return [text for text in everything if text > (after or "")][:limit]

    def total(self, account_id: str) -> Balance | None:
        known = self.lines and account_id == ACCOUNT
        return Balance(account(account_id), Sums(credit=1), "now") if known else None

    def sums_until(self, account_id: str, day: str) -> tuple[Sums, Sums]:
        return Sums(), Sums()

    def days(self, account_id: str, *, until: str | None) -> Iterator[str]:
        days = {line.recorded_at[:10] for line in self.lines if account_id == ACCOUNT}
        return iter(sorted((day for day in days if day <= (until or "~")), reverse=True))

    def get(self, transaction_id: str) -> Transaction | None:
        return None

    def sums_of_day(self, account_id: str, *, until: datetime) -> Sums:
        return Sums()

    def entries(
        self, account_id: str, day: str, *, before: str | None, limit: int
    ) -> Sequence[AccountEntry]:
        self.asked += 1
        found = [each for each in self.lines if self.indexed and each.recorded_at.startswith(day)]
        found = [each for each in found if before is None or each.sort < before]
        return sorted(found, key=lambda each: each.sort, reverse=True)[:limit]


def walk(books: FakeBooks, limit: int) -> list[AccountEntry]:
    found: list[AccountEntry] = []
    cursor = None
    while True:
        page = reading.list_entries(
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
    page = reading.list_entries(ACCOUNT, limit=100, cursor=None, balances=books, journal=books)
    assert not isinstance(page, Problem)
    assert (books.asked, page.next_cursor is not None) == (reading.MAX_DAYS, True)
    assert len(walk(books, 100)) == 100


def test_accounts_come_in_pages() -> None:
    books = FakeBooks([])
    first = reading.list_accounts(limit=2, cursor=None, balances=books)
    assert not isinstance(first, Problem)
    rest = reading.list_accounts(limit=2, cursor=first.next_cursor, balances=books)
    assert not isinstance(rest, Problem)
    assert [each.id for each in rest.items] == ["2100:USD"]
    assert rest.next_cursor is None


@pytest.mark.parametrize(
    ("account_id", "sums", "posted", "pending"),
    [
        ("1210:stripe:USD", Sums(debit=7, credit=2), 5, 0),
        ("2100:USD", Sums(debit=2, credit=7), 5, 0),
        ("2100:USD", Sums(debit=7, credit=2), -5, 0),
        ("1290:USD", Sums(debit=7), 0, 7),
        ("2990:USD", Sums(credit=7), 0, 7),
    ],
)
def test_a_balance_is_positive_on_the_accounts_own_side(
    account_id: str, sums: Sums, posted: int, pending: int
) -> None:
    balance = Balance(account(account_id), sums, "")
    assert (balance.posted, balance.pending) == (posted, pending)


@pytest.mark.parametrize("account_id", ["9999:USD", "2100:EUR", "x", ""])
def test_an_account_that_is_unknown_or_unused_is_not_found(account_id: str) -> None:
    books = FakeBooks([line(1, 1)])
    for found in (
        reading.get_balance(account_id, at=None, now=NOW, balances=books, journal=books),
        reading.list_entries(account_id, limit=1, cursor=None, balances=books, journal=books),
    ):
        assert isinstance(found, Problem)
        assert found.type.code == "not_found"


def test_an_account_whose_entries_are_not_in_the_index_yet_has_an_empty_page() -> None:
    books = FakeBooks([line(1, 1)])
    books.indexed = False
    page = reading.list_entries(ACCOUNT, limit=1, cursor=None, balances=books, journal=books)
    assert page == reading.Page([], None)


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
    page = reading.list_accounts(limit=1, cursor=made([text], "accounts"), balances=FakeBooks([]))
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
