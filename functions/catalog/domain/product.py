"""What a product is, and its rows: one to show it, one per SKU to price it.

Listing rows are in listing.py, because they depend on the other products of a list.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from shop.money import Money
from shop.text import compact_json

CURRENCIES = ("USD", "EUR", "GBP")
# With at most 100 lines of 1000 units this keeps every order below shop.money.MAX_AMOUNT.
MAX_UNIT_PRICE = 5_000_000

Status = Literal["active", "archived"]


@dataclass(frozen=True, slots=True)
class Variant:
    """What can be bought: one SKU. `prices` are minor units by currency, without tax."""

    sku: str
    attributes: Mapping[str, str]
    prices: Mapping[str, int]

    def __post_init__(self) -> None:
        if not all(0 < price <= MAX_UNIT_PRICE for price in self.prices.values()):
            raise ValueError(f"price of {self.sku} out of range")


@dataclass(frozen=True, slots=True)
class Product:
    """Something that is sold in one or more variants."""

    product_id: str
    title: str
    description: str
    category: str
    brand: str
    variants: tuple[Variant, ...]
    status: Status
    created_at: str
    updated_at: str

    def price_from(self, currency: str) -> int | None:
        """The lowest price of a variant; None unless every variant has one in this currency."""
        prices = [variant.prices.get(currency) for variant in self.variants]
        return None if None in prices else min(price for price in prices if price is not None)


def summary(product: Product, currency: str) -> dict[str, Any]:
    """The product as a list shows it."""
    return {
        "product_id": product.product_id,
        "title": product.title,
        "description": product.description,
        "category": product.category,
        "brand": product.brand,
        "variants": [
            {
                "sku": variant.sku,
                "attributes": dict(variant.attributes),
                "price": Money(variant.prices[currency], currency).to_dict(),
            }
            for variant in product.variants
        ],
    }


def detail(product: Product, currency: str) -> dict[str, Any]:
    """The product on its own page."""
    return summary(product, currency) | {
        "status": product.status,
        "created_at": product.created_at,
        "updated_at": product.updated_at,
    }


def product_key(product_id: str) -> tuple[str, str]:
    """Where a product is."""
    return f"PRODUCT#{product_id}", "PRODUCT"


def price_key(sku: str) -> tuple[str, str]:
    """Where the price of a SKU is."""
    return f"SKU#{sku}", "PRICE"


def rows(product: Product) -> list[dict[str, Any]]:
    """The rows of a product itself, to be stored together."""
    pk, sk = product_key(product.product_id)
    found: list[dict[str, Any]] = [{"pk": pk, "sk": sk, "product": compact_json(asdict(product))}]
    for variant in product.variants:
        pk, sk = price_key(variant.sku)
        found.append(
            {
                "pk": pk,
                "sk": sk,
                "product_id": product.product_id,
                "title": product.title,
                "prices": compact_json(dict(variant.prices)),
                "status": product.status,
            }
        )
    return found


def from_json(text: str) -> Product:
    """The product of a stored row."""
    data = json.loads(text)
    return Product(**data | {"variants": tuple(Variant(**item) for item in data["variants"])})
