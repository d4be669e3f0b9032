"""Folding: each transaction once, nothing lost, nothing blocked."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.balances import AccountTotals, RecordedTransaction
from ledger.domain.transaction import PostingRejected
from ledger.events import PostedTransaction
from ledger.service.project_balances import MAX_ITEMS, posted, project
from shop.consumer import read
from tests.support.envelopes import envelope
from tests.unit.ledger.fakes import FakeBalances

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def event(number: int, amount: int = 100, psp: str = "stripe", day: str = "22") -> dict[str, Any]:
    """The event of a transaction."""
    entries = [
        {
            "account": account,
            "side": side,
            "amount": {"amount": amount, "currency": "USD"},
        }
        for account, side in ((f"1210:{psp}:USD", "debit"), ("2100:USD", "credit"))
    ]
    data = {"transaction_id": f"txn_{number}", "entries": entries}
    occurred_at = f"2026-11-{day}T09:00:00.000Z"
    return envelope("ledger.transaction_posted", data, occurred_at=occurred_at)


def _posted(detail: dict[str, Any]) -> RecordedTransaction:
    return posted(read(detail, PostedTransaction))


def run(events: list[dict[str, Any]], balances: FakeBalances) -> int:
    """How many had been folded before."""
    return project([_posted(each) for each in events], balances=balances, now=NOW)


def test_a_batch_adds_up_on_both_accounts() -> None:
    balances = FakeBalances()
    assert run([event(1, 100), event(2, 50)], balances) == 0
    assert balances.totals == {
        "1210:stripe:USD": AccountTotals(debit=150, version=2),
        "2100:USD": AccountTotals(credit=150, version=2),
    }


def test_a_transaction_that_comes_again_changes_nothing() -> None:
    balances = FakeBalances()
    run([event(1)], balances)
    before = dict(balances.totals)
    assert run([event(1), event(1)], balances) == 1
    assert balances.totals == before


def test_a_repeated_batch_with_something_new_adds_the_new_only() -> None:
    balances = FakeBalances()
    run([event(1), event(2)], balances)
    assert run([event(1), event(2), event(3)], balances) == 2
    assert balances.totals["2100:USD"] == AccountTotals(credit=300, version=3)


def test_the_order_in_which_events_come_makes_no_difference() -> None:
    events = [event(n, amount=n, day=f"{n:02}") for n in range(1, 20)]
    forward, backward = FakeBalances(), FakeBalances()
    run(events, forward)
    for each in reversed(events):
        run([each], backward)
    assert forward.totals == backward.totals


def test_a_large_batch_stays_within_one_transactions_items() -> None:
    balances = FakeBalances()
    events = [event(n, psp=f"psp{n % 7}", day=f"{n % 20 + 1:02}") for n in range(300)]
    assert run(events, balances) == 0
    assert max(balances.sizes) <= MAX_ITEMS
    assert balances.totals["2100:USD"] == AccountTotals(credit=30_000, version=300)


def _data(**change: Any) -> dict[str, Any]:
    data = event(9)["data"]
    return {**event(9), "data": {**data, **change}}


@pytest.mark.parametrize(
    "poison",
    [
        {**event(9), "occurred_at": "yesterday"},
        {**event(9), "data": []},
        {**event(9), "data": {"entries": event(9)["data"]["entries"]}},
        _data(entries=[]),
        _data(entries=None),
        _data(entries=[{"account": "2100:USD"}]),
        _data(entries=[{"account": 1, "side": "debit", "amount": {}}]),
        event(9, amount=0),
        event(9, psp="no such psp"),
    ],
)
def test_what_is_no_transaction_is_refused_before_anything_is_added(
    poison: dict[str, Any],
) -> None:
    with pytest.raises((PostingRejected, ValidationError)):
        _posted(poison)
