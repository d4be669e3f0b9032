"""What the ledger takes and what it refuses."""

from collections import Counter

import pytest

from ledger.domain.chart import TEMPLATES, Side
from ledger.domain.transaction import (
    MAX_ENTRIES,
    Entry,
    PostingRejected,
    entries_of,
    transaction_id,
    validate_entries,
)
from shop import ids
from shop.money import Money

DIMENSIONS = {"psp": "stripe", "jurisdiction": "US-CA", "bank": "main"}


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def entry(account: str, side: Side, amount: int, currency: str = "USD") -> Entry:
    return Entry(account, side, Money(amount, currency))


def post(template: str, **amounts: int) -> list[tuple[str, str, int]]:
    """A template filled in with dollars, as (account, side, amount)."""
    filled = {name: usd(amount) for name, amount in amounts.items()}
    found = entries_of(template, amounts=filled, dimensions=DIMENSIONS)
    return [(each.account, each.side, each.amount.amount) for each in found]


def test_a_captured_payment_is_owed_by_the_provider_and_to_the_customer() -> None:
    assert post("payment_captured", amount=126) == [
        ("1210:stripe:USD", "debit", 126),
        ("2100:USD", "credit", 126),
    ]


def test_a_refund_before_fulfilment_undoes_the_capture() -> None:
    assert post("payment_refunded", amount=126) == [
        ("2100:USD", "debit", 126),
        ("1210:stripe:USD", "credit", 126),
    ]


def test_a_fulfilled_order_becomes_revenue_and_tax() -> None:
    """100 net + 10 shipping - 5 discount + 21 tax = 126."""
    assert post("order_fulfilled", paid=126, discount=5, goods=100, shipping=10, tax=21) == [
        ("2100:USD", "debit", 126),
        ("4900:USD", "debit", 5),
        ("4000:USD", "credit", 100),
        ("4010:USD", "credit", 10),
        ("2200:US-CA:USD", "credit", 21),
    ]


def test_each_currency_of_a_converted_payout_balances_alone() -> None:
    found = entries_of(
        "payout_converted",
        amounts={"sold": Money(100, "EUR"), "bought": Money(108, "USD")},
        dimensions=DIMENSIONS,
    )
    assert [(each.account, each.side) for each in found] == [
        ("1900:EUR", "debit"),
        ("1210:stripe:EUR", "credit"),
        ("1230:stripe:USD", "debit"),
        ("1900:USD", "credit"),
    ]


def test_an_amount_of_zero_gives_no_entry() -> None:
    found = post("order_fulfilled", paid=121, discount=0, goods=100, shipping=0, tax=21)
    assert [account for account, _, _ in found] == ["2100:USD", "4000:USD", "2200:US-CA:USD"]


@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_every_template_names_known_accounts_and_can_balance(template: str) -> None:
    """Legs with one amount on both sides balance by themselves; the others do with fitting sums."""
    names = {leg.amount for leg in TEMPLATES[template]}
    fitting = {
        "order_fulfilled": {"paid": 126, "discount": 5, "goods": 100, "shipping": 10, "tax": 21},
        "refund_after_fulfilment": {"goods": 100, "shipping": 10, "tax": 21, "total": 131},
    }
    assert post(template, **fitting.get(template, dict.fromkeys(names, 7)))


@pytest.mark.parametrize(
    ("template", "amounts", "why"),
    [
        ("no_such", {"amount": usd(1)}, "no such template"),
        ("payment_captured", {}, "exactly its own amounts"),
        ("payment_captured", {"amount": usd(1), "fee": usd(1)}, "exactly its own amounts"),
        ("payment_captured", {"amount": usd(0)}, "1 to 32 entries"),
        ("payment_captured", {"amount": usd(-1)}, "positive"),
    ],
)
def test_what_does_not_fit_a_template_is_refused(
    template: str, amounts: dict[str, Money], why: str
) -> None:
    with pytest.raises(PostingRejected, match=why):
        entries_of(template, amounts=amounts, dimensions=DIMENSIONS)


def test_a_missing_dimension_is_refused() -> None:
    with pytest.raises(PostingRejected, match="needs psp"):
        entries_of("payment_captured", amounts={"amount": usd(1)}, dimensions={})


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([], "1 to 32 entries"),
        ([entry("2100:USD", "debit", 1)] * (MAX_ENTRIES + 2), "1 to 32 entries"),
        ([entry("2100:USD", "debit", 1)], "debits equal credits"),
        ([entry("2100:USD", "debit", 2), entry("2150:USD", "credit", 1)], "debits equal credits"),
        ([entry("2100:USD", "debit", 1), entry("9:USD", "credit", 1)], "unknown account"),
        ([entry("2100:USD", "debit", 1), entry("2150:EUR", "credit", 1)], "own currency"),
        (
            [entry("2100:USD", "debit", 1), entry("2150:EUR", "credit", 1, "EUR")],
            "debits equal credits",
        ),
        ([entry("2100:USD", "debit", 0), entry("2150:USD", "credit", 0)], "positive"),
        ([entry("2100:USD", "debit", -1), entry("2150:USD", "credit", -1)], "positive"),
    ],
)
def test_an_unbalanced_empty_or_unknown_posting_is_refused(entries: list[Entry], why: str) -> None:
    with pytest.raises(PostingRejected, match=why):
        validate_entries(entries)


def test_a_cause_and_a_template_always_give_the_same_transaction_id() -> None:
    cause = ids.derive("evt", "pay_1", "payment.captured", "1", region="use1")
    found = {transaction_id(cause, template) for template in ("payment_captured", "psp_fee")}
    assert Counter(len(id_) for id_ in found) == {len("txn_use1_") + 26: 2}
    assert transaction_id(cause, "psp_fee") in found
