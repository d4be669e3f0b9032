"""Folding a stream: each transaction once, nothing lost, nothing blocked."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.domain.balances import Posted, Sums, by_account, changes
from ledger.service.folding import MAX_ITEMS, Report, fold

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def header(number: int, amount: int = 100, psp: str = "stripe", day: str = "22") -> dict[str, Any]:
    """The stream record of a transaction's header."""
    entries = [
        {
            "account": account,
            "side": side,
            "amount": {"amount": amount, "currency": "USD"},
        }
        for account, side in ((f"1210:{psp}:USD", "debit"), ("2100:USD", "credit"))
    ]
    image = {
        "pk": {"S": f"TXN#txn_{number}"},
        "sk": {"S": "TXN"},
        "recorded_at": {"S": f"2026-11-{day}T09:00:00.000Z"},
        "outbox": {"S": json.dumps({"data": {"entries": entries}})},
    }
    return {"eventName": "INSERT", "dynamodb": {"NewImage": image}}


class FakeBalances:
    """Adds in memory, all or nothing, as the table does."""

    def __init__(self) -> None:
        self.folded: set[str] = set()
        self.totals: dict[str, Sums] = {}
        self.sizes: list[int] = []

    def add(self, postings: Sequence[Posted], *, now: datetime) -> frozenset[str]:
        daily = changes(postings)
        self.sizes.append(len(postings) + len(daily) + 2 * len(by_account(daily)))
        before = frozenset(posted.id for posted in postings) & self.folded
        if before:
            return before
        self.folded |= {posted.id for posted in postings}
        for account, sums in by_account(daily).items():
            self.totals[account] = self.totals.get(account, Sums()) + sums
        return frozenset()


class Parking(list[str]):
    def __call__(self, record: dict[str, Any], reason: str) -> None:
        self.append(reason)


def run(
    records: list[dict[str, Any]], balances: FakeBalances, park: Parking | None = None
) -> Report:
    return fold(records, balances=balances, park=Parking() if park is None else park, now=NOW)


def test_a_batch_adds_up_on_both_accounts() -> None:
    balances = FakeBalances()
    assert run([header(1, 100), header(2, 50)], balances) == Report(folded=2, already=0, parked=0)
    assert balances.totals == {
        "1210:stripe:USD": Sums(debit=150, version=2),
        "2100:USD": Sums(credit=150, version=2),
    }


def test_a_transaction_that_comes_again_changes_nothing() -> None:
    balances = FakeBalances()
    run([header(1)], balances)
    before = dict(balances.totals)
    assert run([header(1), header(1)], balances) == Report(folded=0, already=1, parked=0)
    assert balances.totals == before


def test_a_repeated_batch_with_something_new_adds_the_new_only() -> None:
    balances = FakeBalances()
    run([header(1), header(2)], balances)
    report = run([header(1), header(2), header(3)], balances)
    assert report == Report(folded=1, already=2, parked=0)
    assert balances.totals["2100:USD"] == Sums(credit=300, version=3)


def test_a_large_batch_stays_within_one_transactions_items() -> None:
    balances = FakeBalances()
    records = [header(n, psp=f"psp{n % 7}", day=f"{n % 20 + 1:02}") for n in range(300)]
    assert run(records, balances).folded == 300
    assert max(balances.sizes) <= MAX_ITEMS
    assert balances.totals["2100:USD"] == Sums(credit=30_000, version=300)


def _broken(**change: Any) -> dict[str, Any]:
    record = header(9)
    image = record["dynamodb"]["NewImage"]
    image |= change
    return record


def _outbox(data: Any) -> dict[str, Any]:
    return _broken(outbox={"S": json.dumps(data)})


@pytest.mark.parametrize(
    "poison",
    [
        _broken(outbox={"S": "{"}),
        _broken(outbox={}),
        _broken(recorded_at={"S": "yesterday"}),
        _outbox([]),
        _outbox({"data": {"entries": []}}),
        _outbox({"data": {"entries": None}}),
        _outbox({"data": {"entries": [{"account": "2100:USD"}]}}),
        _outbox({"data": {"entries": [{"account": 1, "side": "debit", "amount": {}}]}}),
        header(9, amount=0),
        header(9, psp="no such psp"),
    ],
)
def test_a_record_that_can_never_be_folded_is_parked_and_blocks_nothing(
    poison: dict[str, Any],
) -> None:
    balances, parked = FakeBalances(), Parking()
    report = run([header(1), poison, header(2)], balances, parked)
    assert report == Report(folded=2, already=0, parked=1)
    assert len(parked) == 1


def test_a_record_that_cannot_be_parked_is_raised_so_that_the_stream_repeats_it() -> None:
    def park(record: dict[str, Any], reason: str) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        fold([_outbox([])], balances=FakeBalances(), park=park, now=NOW)


@pytest.mark.parametrize(
    "other",
    [
        {"eventName": "MODIFY", "dynamodb": header(1)["dynamodb"]},
        {"eventName": "REMOVE", "dynamodb": {}},
        {"eventName": "INSERT", "dynamodb": {"NewImage": {"sk": {"S": "ENTRY#1"}}}},
    ],
)
def test_records_that_are_not_new_headers_are_passed_over(other: dict[str, Any]) -> None:
    balances = FakeBalances()
    assert run([other], balances) == Report(folded=0, already=0, parked=0)
    assert balances.sizes == []
