"""What is a card number, whatever stands around it, and what only looks like one."""

import pytest

from shop import card_numbers

# The networks' own numbers for tests, of 12 to 19 digits.
CARDS = {
    "Visa": "4242424242424242",
    "Visa, 13": "4222222222222",
    "Visa, 19": "4000000000000000006",
    "Mastercard": "5555555555554444",
    "Mastercard, new": "2223003122003222",
    "American Express": "378282246310005",
    "Discover": "6011111111111117",
    "Diners Club": "3056930009020004",
    "Diners Club, 14": "36227206271667",
    "JCB": "3566002020360505",
    "UnionPay": "6205500000000000004",
    "Maestro": "6759649826438453",
    "Maestro, 12": "501800000009",
    "Mir": "2200000000000004",
}
FORMS = [
    "{}", "tok_{}", "pm{}x", "p_{}_{}", "Flat 4, {}", "{} 12/34 123", "card: {}.", "={}=",
    "0 {}", "{}-12-34", "49 {}",
]  # fmt: skip


def spaced(number: str, between: str) -> str:
    return between.join(number[n : n + 4] for n in range(0, len(number), 4))


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("form", FORMS)
def test_a_card_number_is_found_whatever_stands_around_it(number: str, form: str) -> None:
    assert card_numbers.is_in(form.format(number, number))


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize(
    "between", [" ", "-", " - ", "      ", "\u00a0", "\u2009", "\u2013", "\u200b", "\u00ad", "\n"]
)
def test_blanks_and_dashes_hide_none(number: str, between: str) -> None:
    """Nor does what a text loses when it is folded."""
    assert card_numbers.is_in(f"my card {spaced(number, between)}")


@pytest.mark.parametrize("zero", ["\uff10", "\u0660", "\u0966", "\U0001d7ce"])
def test_digits_of_any_script_are_digits(zero: str) -> None:
    assert card_numbers.is_in("".join(chr(ord(zero) + int(d)) for d in CARDS["Visa"]))


@pytest.mark.parametrize(
    "text",
    [
        "4242424242424241",  # Luhn says no
        "1234567812345670",  # no network begins so
        "79927398713",  # too short
        "42424242424242424242",  # part of a longer number
        "4242 4242 4242",
        "+424242424242426",  # E.164: a plus and at most 15 digits
        "4012345678901",  # a German article number
        "4006381333931", "4901777018888",
        "17960238011630000", "2026-11-30 07:19:23", "20261130071923",
        "pm_1NxQ2eLkdIwHu7ixRWYDSNM9", "pm_123456789012", "tok_4242424242424241",
        "42424242-4242-4242-8242-424242424242",
        "d4242424242424242dd41f29f2f1a3e7",
        "ord_use1_4242424242424242abcdefghjk",
        "07102-4410", "030 1234 5678 9012", "DE89 3704 0044 0532 0130 00",
        "",
    ],
)  # fmt: skip
def test_other_numbers_are_none(text: str) -> None:
    assert not card_numbers.is_in(text)


def test_it_is_told_where_and_never_by_what_was_sent() -> None:
    number = CARDS["Visa"]
    body = {"a": [{"b": "x"}, {"b": number}], "c": {number: "x"}, "d": {"e": {"f": f"x{number}"}}}
    assert list(card_numbers.places(body)) == ["/a/1/b", "/c", "/d/e/f"]
    assert next(card_numbers.places({number: 1})) == ""


def test_a_large_text_takes_no_longer_than_its_length() -> None:
    for text in ("1 " * 20_000, "4" * 40_000, "4241-" * 8_000 + "x", "a1" * 20_000):
        assert not card_numbers.is_in(text)
