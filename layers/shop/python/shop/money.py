"""Money: integer minor units and an ISO 4217 currency. No float, no rounding anywhere else.

The table is ISO 4217's list of active codes by minor-unit exponent; a test compares it with a
published copy of the standard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR "
    "ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
EXPONENTS = {code: exp for exp, codes in _BY_EXPONENT.items() for code in codes.split()}

# One order may not exceed this in minor units: far above any basket, far below 2**53, so that
# every JSON reader keeps it exact.
MAX_AMOUNT = 10**12


class Rounding(Enum):
    """Where half a minor unit goes. There is no default: what is rounded decides it.

    HALF_UP, away from zero, is what tax law asks for; so the tax of a refund is the tax of its
    sale. HALF_EVEN leaves no drift in a sum of many, which suits our own books.
    """

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents for EUR, yen for JPY); may be negative."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise ValueError(f"not an ISO 4217 currency: {self.currency!r}")
        if type(self.amount) is not int:
            raise TypeError("an amount is a whole number of minor units")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.amount * times, self.currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")

    def multiply_ratio(self, numerator: int, denominator: int, *, rounding: Rounding) -> "Money":
        """This share of it, rounded once to a whole minor unit of its currency."""
        if denominator <= 0:
            raise ValueError("the denominator is positive")
        product = self.amount * numerator
        whole, rest = divmod(abs(product), denominator)
        half_goes_up = rounding is Rounding.HALF_UP or whole % 2 == 1
        whole += 2 * rest > denominator or (2 * rest == denominator and half_goes_up)
        return Money(whole if product >= 0 else -whole, self.currency)

    def allocate(self, weights: Sequence[int]) -> list["Money"]:
        """Split by weights so that the parts sum to self (largest remainder, ties to the first)."""
        total = sum(weights)
        if total <= 0 or any(weight < 0 for weight in weights):
            raise ValueError("weights are not negative and not all zero")
        shares = [divmod(self.amount * weight, total) for weight in weights]
        parts = [whole for whole, _ in shares]
        left = self.amount - sum(parts)
        order = sorted(range(len(parts)), key=lambda i: (-shares[i][1], i))
        for index in order[:left]:
            parts[index] += 1
        return [Money(part, self.currency) for part in parts]

    def to_dict(self) -> dict[str, int | str]:
        """`{"amount": …, "currency": …}` as the API has it."""
        return {"amount": self.amount, "currency": self.currency}

    @classmethod
    def of(cls, data: dict[str, int | str]) -> "Money":
        """Inverse of `to_dict`."""
        return cls(int(data["amount"]), str(data["currency"]))
