"""What an order costs: unit prices, shipping, tax, total. Pure; the same input, the same cent.

Prices are net. Tax is taken once per order and rounded once, half up, as tax law has it
(Streamlined Sales and Use Tax Agreement, section 324). Neither is
priced what no payment could take, nor what goes where we do not deliver. What comes out is the
outcome of the checkout's step `price`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.domain import rates
from shop.checkout import (
    CurrencyNotOffered,
    DestinationNotServed,
    Priced,
    PricedLine,
    PriceOutcome,
    TotalTooLarge,
    UnknownSkus,
)
from shop.money import Money, Rounding

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


def price(
    quantities: Mapping[str, int],
    offers: Mapping[str, Offer],
    *,
    currency: str,
    country: str,
    region: str | None,
) -> PriceOutcome:
    """Price an order that goes to this country, or to this part of it (rates.py)."""
    tax_rate = rates.tax_rate((country, region))
    if tax_rate is None:
        return DestinationNotServed()
    unknown = tuple(sku for sku in quantities if sku not in offers)
    if unknown:
        return UnknownSkus(skus=unknown)
    if currency not in rates.SHIPPING or any(
        currency not in offers[sku].prices for sku in quantities
    ):
        return CurrencyNotOffered()
    lines = tuple(_line(offers[sku], quantity, currency) for sku, quantity in quantities.items())
    priced = _total(
        lines, currency, tax_rate=tax_rate, tax_shipping=rates.shipping_is_taxed(country)
    )
    return priced if priced.total <= MAX_TOTAL else TotalTooLarge(max_total=MAX_TOTAL)


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
    lines: Sequence[PricedLine], currency: str, *, tax_rate: int, tax_shipping: bool
) -> Priced:
    subtotal = sum(line.total for line in lines)
    flat, free_from = rates.SHIPPING[currency]
    shipping = 0 if subtotal >= free_from else flat
    taxed = Money(subtotal + (shipping if tax_shipping else 0), currency)
    tax = taxed.multiply_ratio(tax_rate, rates.RATE_DENOMINATOR, rounding=Rounding.HALF_UP).amount
    return Priced(
        lines=tuple(lines),
        subtotal=subtotal,
        shipping=shipping,
        tax=tax,
        total=subtotal + shipping + tax,
    )
