"""Money: whole minor units, no mixing, nothing lost when it is split."""

import decimal
import inspect
from decimal import Decimal

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.money import EXPONENTS, Money, Rounding

# One currency for each number of decimals that there is: none, two, three, four.
CURRENCIES = ("JPY", "USD", "KWD", "CLF")
amounts = st.integers(-(10**12), 10**12)


def test_exponents_are_those_of_iso_4217() -> None:
    published = {c.code: c.exponent for c in iso4217.Currency if c.exponent is not None}
    assert published == EXPONENTS


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="do not add up"):
        Money(1, "EUR") + Money(1, "USD")


@pytest.mark.parametrize("bad", [1.5, True, "1"])
def test_an_amount_is_a_whole_number(bad: object) -> None:
    with pytest.raises(TypeError):
        Money(bad, "EUR")  # type: ignore[arg-type]


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, "XXX")


@pytest.mark.parametrize(
    ("rounding", "amounts"),
    [
        (Rounding.HALF_UP, {50: 1, 150: 2, 250: 3, -50: -1, -150: -2, 149: 1, 151: 2, -149: -1}),
        (Rounding.HALF_EVEN, {50: 0, 150: 2, 250: 2, -50: 0, -150: -2, 149: 1, 151: 2, -149: -1}),
    ],
)
@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_half_goes_where_the_rounding_says(
    rounding: Rounding, amounts: dict[int, int], currency: str
) -> None:
    found = {n: Money(n, currency).multiply_ratio(1, 100, rounding=rounding) for n in amounts}
    assert found == {n: Money(expected, currency) for n, expected in amounts.items()}


def test_a_rounding_is_never_chosen_by_default() -> None:
    parameter = inspect.signature(Money.multiply_ratio).parameters["rounding"]
    assert (parameter.kind, parameter.default) == (parameter.KEYWORD_ONLY, parameter.empty)


@given(amounts, st.integers(0, 10**6), st.integers(1, 10**6), st.sampled_from(CURRENCIES))
def test_a_share_is_the_exact_one_rounded_once(
    amount: int, numerator: int, denominator: int, currency: str
) -> None:
    """In minor units, however many of them make one: a share of yen is whole yen."""
    modes = {Rounding.HALF_UP: decimal.ROUND_HALF_UP, Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN}
    with decimal.localcontext(prec=60):
        exact = Decimal(amount * numerator) / Decimal(denominator)
        for rounding, mode in modes.items():
            share = Money(amount, currency).multiply_ratio(
                numerator, denominator, rounding=rounding
            )
            assert share == Money(int(exact.quantize(Decimal(1), rounding=mode)), currency)
            back = Money(-amount, currency).multiply_ratio(
                numerator, denominator, rounding=rounding
            )
            assert back == -share, "what a refund gives back is what the sale took"


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_parts_sum_to_the_whole(amount: int, weights: list[int]) -> None:
    if not sum(weights):
        weights = [*weights, 1]
    parts = Money(amount, "JPY").allocate(weights)
    assert sum(part.amount for part in parts) == amount
    exact = [amount * weight / sum(weights) for weight in weights]
    assert all(abs(part.amount - share) <= 1 for part, share in zip(parts, exact, strict=True))


def test_arithmetic() -> None:
    assert Money(3, "EUR") - Money(5, "EUR") == Money(-2, "EUR")
    assert -Money(3, "EUR") == Money(-3, "EUR")
    assert Money(3, "EUR") * 4 == Money(12, "EUR")
    assert Money.of(Money(3, "EUR").to_dict()) == Money(3, "EUR")
