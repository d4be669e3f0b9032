"""Use cases of the catalogue: list, show, price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from catalog.domain import listing, pricing
from catalog.domain.listing import Filter
from catalog.domain.pricing import Offer
from catalog.domain.product import CURRENCIES, Product
from shop import checkout_problems, ids, lines, problems
from shop.checkout import PriceOutcome, PriceTask
from shop.cursor import REFUSED
from shop.problems import Problem

Row = tuple[str, str]  # key in the list, summary as JSON text


class Listings(Protocol):
    """Where lists are kept."""

    def bounds(self, currency: str, scope: str) -> Sequence[str]:
        """Where the bands of a list begin, lowest first; empty if there is no such list."""

    def band(
        self, currency: str, scope: str, bound: str, *, first: str, last: str, limit: int
    ) -> Sequence[Row]:
        """The first rows of a band from key `first` to key `last`."""


class Products(Protocol):
    """Where products are kept."""

    def get(self, product_id: str) -> Product | None:
        """The product with this id."""


class Prices(Protocol):
    """Where prices are kept."""

    def offers(self, skus: Sequence[str]) -> Mapping[str, Offer]:
        """What is on sale of these SKUs."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of summaries as finished JSON texts."""

    summaries: Sequence[str]
    next_cursor: str | None


def list_products(
    filter_: Filter, *, cursor: str | None, limit: int, listings: Listings
) -> Page | Problem:
    """One page, cheapest first. One query if a band holds it whole."""
    if filter_.currency not in CURRENCIES:
        return _not_offered(filter_.currency)
    first = filter_.first
    if cursor is not None:
        key = listing.decode_cursor(filter_, cursor)
        if key is None:
            return REFUSED
        first = listing.after(key)
    rows = _rows(filter_, first=first, limit=limit + 1, listings=listings)
    more = len(rows) > limit
    next_cursor = listing.encode_cursor(filter_, rows[limit - 1][0]) if more else None
    return Page([text for _, text in rows[:limit]], next_cursor)


def _rows(filter_: Filter, *, first: str, limit: int, listings: Listings) -> list[Row]:
    """Rows from `first` on, band after band until there are enough."""
    bounds = listings.bounds(filter_.currency, filter_.scope)
    rows: list[Row] = []
    for bound in listing.overlapping(bounds, first, filter_.last):
        rows += listings.band(
            filter_.currency,
            filter_.scope,
            bound,
            first=first,
            last=filter_.last,
            limit=limit - len(rows),
        )
        if len(rows) >= limit:
            break
    return rows


def get_product(product_id: str, *, currency: str, products: Products) -> Product | Problem:
    """A product on sale that has prices in this currency."""
    product = products.get(product_id) if ids.is_id("prd", product_id) else None
    if product is None or product.status != "active":
        return Problem(problems.NOT_FOUND, "No product on sale has this id.")
    if product.price_from(currency) is None:
        return _not_offered(currency)
    return product


def _not_offered(currency: str) -> Problem:
    return Problem(
        checkout_problems.CURRENCY_NOT_OFFERED,
        f"Prices are in {', '.join(CURRENCIES)}, not in {currency}.",
        errors=[{"parameter": "currency", "code": "not_offered", "detail": "no price in it"}],
    )


def price_order(order: PriceTask, *, prices: Prices) -> PriceOutcome:
    """Price these lines at what is in force now. One read for up to 100 SKUs."""
    quantities = lines.merge(order.lines)
    return pricing.price(
        quantities,
        prices.offers(list(quantities)),
        currency=order.currency,
        country=order.ship_to.country,
        region=order.ship_to.region,
    )
