"""A token of a provider, and nothing that must never be stored."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shop.schemas import PaymentMethod

METHOD: TypeAdapter[str] = TypeAdapter(PaymentMethod)
# The providers' own numbers for tests, of 13 to 19 digits.
CARDS = [
    "4222222222222", "378282246310005", "4242424242424242", "5555555555554444", "6011111111111117",
    "6205500000000000004",
]  # fmt: skip


@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize("form", ["tok_{}", "pm{}x", "p_{}_{}"])
def test_a_card_number_is_no_token_whatever_stands_around_it(number: str, form: str) -> None:
    with pytest.raises(ValidationError) as refused:
        METHOD.validate_python(form.format(number, number))
    (error,) = refused.value.errors()
    assert error["type"] == "card_number"
    assert number not in error["msg"]


@pytest.mark.parametrize(
    "token",
    ["pm_card_visa", "pm_1NxQ2eLkdIwHu7ixRWYDSNM9", "tok_4242424242424241", "pm_123456789012"],
)
def test_a_token_is_taken_whatever_digits_it_has(token: str) -> None:
    assert METHOD.validate_python(token) == token
