"""Amounts as people read them."""

from collections.abc import Mapping
from typing import Any

from shop.money import EXPONENTS


def readable(money: Mapping[str, Any]) -> str:
    """`11.31 USD` for 1131 minor units of it; `1131 JPY`, which has none."""
    amount, currency = int(money["amount"]), str(money["currency"])
    places = EXPONENTS[currency]
    whole, part = divmod(abs(amount), 10**places)
    decimals = f".{part:0{places}}" if places else ""
    return f"{'-' if amount < 0 else ''}{whole}{decimals} {currency}"
