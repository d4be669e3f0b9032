"""Stripe's words in ours."""

from typing import Any

import pytest

from payments.clients import stripe_mapping as words
from payments.domain.payment import PspState
from shop.money import EXPONENTS, Money


def intent(status: str, **fields: Any) -> dict[str, Any]:
    return {"id": "pi_1", "status": status, "amount": 1999, "currency": "eur"} | fields


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("requires_confirmation", PspState.CREATED),
        ("requires_action", PspState.REQUIRES_ACTION),
        ("requires_capture", PspState.AUTHORIZED),
        ("succeeded", PspState.CAPTURED),
        ("canceled", PspState.VOIDED),
        ("processing", PspState.UNKNOWN),
        ("requires_payment_method", PspState.UNKNOWN),
        ("a_status_of_next_year", PspState.UNKNOWN),
    ],
)
def test_an_unfamiliar_status_is_unknown(status: str, state: PspState) -> None:
    assert words.seen(intent(status)).state is state


def test_a_missing_method_after_an_error_is_a_decline_with_the_banks_reason() -> None:
    error = {"code": "card_declined", "decline_code": "insufficient_funds"}
    seen = words.seen(intent("requires_payment_method", last_payment_error=error))
    assert (seen.state, seen.decline_code) == (PspState.DECLINED, "insufficient_funds")


def test_a_capture_counts_as_much_as_was_received() -> None:
    assert words.seen(intent("succeeded", amount_received=5)).amount == Money(5, "EUR")


def test_next_action_has_only_what_the_browser_needs() -> None:
    action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://x", "return_url": "y"}}
    redirect = words.seen(intent("requires_action", next_action=action, client_secret="s"))
    assert redirect.next_action == {"type": "redirect_to_url", "url": "https://x"}

    action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"internal": 1}}
    sdk = words.seen(intent("requires_action", next_action=action, client_secret="s"))
    assert sdk.next_action == {"type": "use_stripe_sdk", "client_secret": "s"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (Money(1999, "EUR"), 1999),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50000),
        (Money(500, "UGX"), 50000),
        (Money(500, "MGA"), 5),
        (Money(1230, "KWD"), 1230),
    ],
)
def test_amounts_are_written_as_stripe_counts(ours: Money, theirs: int) -> None:
    assert words.to_stripe(ours) == theirs
    assert words.of_stripe(theirs, ours.currency.lower()) == ours


@pytest.mark.parametrize("money", [Money(1234, "KWD"), Money(150, "MGA"), Money(1, "CLF")])
def test_an_amount_that_stripe_cannot_take_is_refused(money: Money) -> None:
    with pytest.raises(ValueError, match=money.currency):
        words.to_stripe(money)


@pytest.mark.parametrize("currency", [c for c, e in EXPONENTS.items() if e in (0, 2)])
def test_whole_units_survive_the_way_there_and_back(currency: str) -> None:
    money = Money(700, currency)
    assert words.of_stripe(words.to_stripe(money), currency) == money
