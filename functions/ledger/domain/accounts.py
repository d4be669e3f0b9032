"""Accounts by their id: `<code>[:<dimension>]:<currency>`, for example `1210:stripe:USD`."""

import re
from dataclasses import dataclass

from ledger.domain.chart import ACCOUNTS, AccountType, Side
from shop.money import EXPONENTS

_DIMENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class UnknownAccount(ValueError):
    """The chart has no such account."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart, in one currency."""

    type: AccountType
    dimension: str
    currency: str

    @property
    def id(self) -> str:
        """The text that names it in tables, events and URLs."""
        return ":".join(part for part in (self.type.code, self.dimension, self.currency) if part)

    @property
    def name(self) -> str:
        """For people: `PSP clearing: stripe`."""
        return f"{self.type.name}: {self.dimension}" if self.dimension else self.type.name

    @property
    def side(self) -> Side:
        """The side that increases it."""
        return self.type.side


def account(text: str) -> Account:
    """The account with this id; raises UnknownAccount."""
    code, *middle, currency = text.split(":") if ":" in text else (text, "")
    type_ = ACCOUNTS.get(code)
    if type_ is None or currency not in EXPONENTS:
        raise UnknownAccount("no such code or currency")
    if len(middle) != bool(type_.dimension):
        raise UnknownAccount(f"{code} is named with {type_.dimension or 'its currency alone'}")
    if middle and not _DIMENSION.fullmatch(middle[0]):
        raise UnknownAccount(f"not a {type_.dimension}")
    return Account(type_, "".join(middle), currency)
