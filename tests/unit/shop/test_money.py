"""Money: whole minor units, no mixing, nothing lost when it is split."""

import iso4217
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.money import EXPONENTS, Money


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
    ("amount", "expected"), [(50, 0), (150, 2), (250, 2), (-50, 0), (-150, -2), (149, 1), (151, 2)]
)
def test_a_rate_rounds_half_to_even(amount: int, expected: int) -> None:
    assert Money(amount, "EUR").multiply_ratio(1, 100).amount == expected


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
