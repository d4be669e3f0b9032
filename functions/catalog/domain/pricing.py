"""What an order costs: unit prices, shipping, tax, total. Pure; the same input, the same cent.

Prices are net. Tax is taken once per order and rounded once, half to even. What no payment could
take is not priced.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from catalog.domain import tariff
from shop.money import Money

# A payment provider takes eight digits of minor units (Stripe: "99999999 for a USD charge of
# $999,999.99"), whatever the currency.
MAX_TOTAL = 99_999_999


@dataclass(frozen=True, slots=True)
class Offer:
    """A SKU that is on sale, with its prices by currency."""

    sku: str
    product_id: str
    title: str
    prices: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One SKU of an order."""

    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: int
    total: int


@dataclass(frozen=True, slots=True)
class Priced:
    """A priced order; all amounts in minor units of its currency."""

    lines: tuple[PricedLine, ...]
    subtotal: int
    shipping: int
    tax: int
    total: int

    def to_dict(self) -> dict[str, Any]:
        """For state-machine output."""
        lines = [asdict(line) for line in self.lines]
        return {"outcome": "priced", **asdict(self), "lines": lines}


@dataclass(frozen=True, slots=True)
class UnknownSkus:
    """These are not on sale."""

    skus: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For state-machine output."""
        return {"outcome": "unknown_sku", "skus": list(self.skus)}


@dataclass(frozen=True, slots=True)
class CurrencyNotOffered:
    """At least one line has no price in the currency of the order."""

    def to_dict(self) -> dict[str, Any]:
        """For state-machine output."""
        return {"outcome": "currency_not_offered"}


@dataclass(frozen=True, slots=True)
class TotalTooLarge:
    """The order costs more than MAX_TOTAL."""

    def to_dict(self) -> dict[str, Any]:
        """For state-machine output."""
        return {"outcome": "total_too_large", "max_total": MAX_TOTAL}


Outcome = Priced | UnknownSkus | CurrencyNotOffered | TotalTooLarge


def merge(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Quantity by SKU, in the order of first mention."""
    quantities: dict[str, int] = {}
    for line in lines:
        quantities[line["sku"]] = quantities.get(line["sku"], 0) + line["quantity"]
    return quantities


def price(
    quantities: Mapping[str, int],
    offers: Mapping[str, Offer],
    *,
    currency: str,
    country: str,
    region: str | None,
) -> Outcome:
    """Price an order that goes to this country (and US state)."""
    unknown = tuple(sku for sku in quantities if sku not in offers)
    if unknown:
        return UnknownSkus(unknown)
    if currency not in tariff.SHIPPING or any(
        currency not in offers[sku].prices for sku in quantities
    ):
        return CurrencyNotOffered()
    lines = tuple(_line(offers[sku], quantity, currency) for sku, quantity in quantities.items())
    priced = _total(lines, currency=currency, country=country, region=region)
    return priced if priced.total <= MAX_TOTAL else TotalTooLarge()


def _line(offer: Offer, quantity: int, currency: str) -> PricedLine:
    unit_price = offer.prices[currency]
    return PricedLine(
        sku=offer.sku,
        product_id=offer.product_id,
        title=offer.title,
        quantity=quantity,
        unit_price=unit_price,
        total=unit_price * quantity,
    )


def _total(
    lines: Sequence[PricedLine], *, currency: str, country: str, region: str | None
) -> Priced:
    subtotal = sum(line.total for line in lines)
    flat, free_from = tariff.SHIPPING[currency]
    shipping = 0 if subtotal >= free_from else flat
    taxed = Money(subtotal + (shipping if tariff.shipping_is_taxed(country) else 0), currency)
    tax = taxed.rate(tariff.tax_rate(country, region), tariff.RATE_DENOMINATOR).amount
    return Priced(tuple(lines), subtotal, shipping, tax, subtotal + shipping + tax)
