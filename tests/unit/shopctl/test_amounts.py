"""A person sees money with the decimals of its currency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.money import EXPONENTS
from tools.shopctl import amounts


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (1131, "USD", "11.31 USD"),
        (5, "USD", "0.05 USD"),
        (-5, "EUR", "-0.05 EUR"),
        (1131, "JPY", "1131 JPY"),
        (1131, "KWD", "1.131 KWD"),
        (0, "CLF", "0.0000 CLF"),
        (7, "XXX", "7 XXX (minor units)"),
    ],
)
def test_an_amount_is_shown_as_people_read_it(amount: int, currency: str, shown: str) -> None:
    assert amounts.text(amount, currency) == shown


@given(amount=st.integers(), currency=st.sampled_from(sorted(EXPONENTS)))
def test_no_digit_is_lost(amount: int, currency: str) -> None:
    text, _, code = amounts.text(amount, currency).partition(" ")
    assert (int(text.replace(".", "")), code) == (amount, currency)


def test_the_currency_of_a_row_is_a_field_or_the_end_of_its_account() -> None:
    order = {"order_id": "ord_1", "total": 1131, "currency": "USD", "lines": 2}
    assert amounts.in_row(order) == {"order_id": "ord_1", "total": "11.31 USD", "lines": 2}
    account = {"account_id": "1210:stripe:JPY", "debit": 5, "version": 5}
    shown = {"account_id": "1210:stripe:JPY", "debit": "5 JPY", "version": 5}
    assert amounts.in_row(account) == shown
    assert amounts.in_row({"currency": "USD"}) == {"currency": "USD"}
