"""Money as people read it: `11.31 USD`. Documents (--json) keep minor units, like the API."""

from collections.abc import Mapping
from typing import Any

from shop.money import EXPONENTS

FIELDS = ("amount", "unit_price", "subtotal", "shipping", "tax", "total", "debit", "credit")


def text(amount: int, currency: str) -> str:
    """With as many decimals as the currency has; one that is not known stays as it is."""
    if currency not in EXPONENTS:
        return f"{amount} {currency} (minor units)"
    digits = EXPONENTS[currency]
    whole, part = divmod(abs(amount), 10**digits)
    decimals = f".{part:0{digits}d}" if digits else ""
    return f"{'-' if amount < 0 else ''}{whole}{decimals} {currency}"


def readable(money: Mapping[str, Any]) -> str:
    """The same of an amount as the API has it."""
    return text(int(money["amount"]), str(money["currency"]))


def in_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose amounts are text. Its currency is a field, or the last part of an account."""
    account = str(row.get("account_id", ""))
    currency = row.get("currency") or account.rpartition(":")[2]
    shown = {
        name: text(value, str(currency)) if _is_amount(name, value) and currency else value
        for name, value in row.items()
    }
    if any(_is_amount(name, value) for name, value in row.items()):
        shown.pop("currency", None)
    return shown


def _is_amount(name: str, value: object) -> bool:
    return name in FIELDS and type(value) is int
