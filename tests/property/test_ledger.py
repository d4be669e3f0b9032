"""Whatever is posted balances, and whatever order a fold runs in gives the same balances."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.balances import AccountTotals, RecordedTransaction, by_account, changes
from ledger.domain.chart import TEMPLATES
from ledger.domain.transaction import Entry, PostingRejected, entries_of, validate_entries
from shop.money import Money

DIMENSIONS = {"psp": "stripe", "jurisdiction": "US-CA", "bank": "main"}
CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
moneys = st.builds(Money, st.integers(-5, 10**12), CURRENCIES)


@st.composite
def attempts(draw: st.DrawFn) -> tuple[str, dict[str, Money]]:
    """A template with any amounts for its names, fitting or not."""
    template = draw(st.sampled_from(sorted(TEMPLATES)))
    names = sorted({leg.amount for leg in TEMPLATES[template]})
    return template, {name: draw(moneys) for name in names}


def net(entries: list[Entry]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for entry in entries:
        sign = 1 if entry.side == "debit" else -1
        found[entry.amount.currency] += sign * entry.amount.amount
    return dict(found)


@given(attempts())
def test_a_template_gives_a_balanced_posting_or_none(attempt: tuple[str, dict[str, Money]]) -> None:
    template, amounts = attempt
    try:
        entries = entries_of(template, amounts=amounts, dimensions=DIMENSIONS)
    except PostingRejected:
        return
    assert set(net(list(entries)).values()) == {0}
    assert all(entry.amount.amount > 0 for entry in entries)


@given(
    st.lists(
        st.builds(
            Entry,
            st.sampled_from(["1210:stripe:USD", "2100:USD", "2100:EUR", "2150:EUR"]),
            st.sampled_from(["debit", "credit"]),
            st.builds(Money, st.integers(1, 3), st.sampled_from(["USD", "EUR"])),
        ),
        max_size=5,
    )
)
def test_only_balanced_entries_pass_the_check(entries: list[Entry]) -> None:
    fits = all(entry.account.endswith(entry.amount.currency) for entry in entries)
    balanced = bool(entries) and fits and not any(net(entries).values())
    try:
        passed = bool(validate_entries(entries))
    except PostingRejected:
        passed = False
    assert passed == balanced


captures = st.builds(
    lambda number, amount, day: RecordedTransaction(
        f"txn_{number}",
        f"2026-11-{day:02}T00:00:00.000Z",
        entries_of(
            "payment_captured", amounts={"amount": Money(amount, "USD")}, dimensions=DIMENSIONS
        ),
    ),
    st.integers(),
    st.integers(1, 10**9),
    st.integers(1, 28),
)


@given(st.lists(captures, max_size=20), st.randoms(use_true_random=False), st.integers(0, 20))
def test_a_balance_is_the_fold_of_its_entries_however_they_are_batched(
    postings: list[RecordedTransaction], random: Random, cut: int
) -> None:
    whole = by_account(changes(postings))
    shuffled = list(postings)
    random.shuffle(shuffled)
    folded: dict[str, AccountTotals] = {}
    for part in (shuffled[:cut], shuffled[cut:]):
        for account, sums in by_account(changes(part)).items():
            folded[account] = folded.get(account, AccountTotals()) + sums
    assert folded == whole
    assert sum(s.debit - s.credit for s in whole.values()) == 0
