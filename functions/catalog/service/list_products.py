"""A page of products, cheapest first."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog.domain import listing
from catalog.domain.listing import Filter
from catalog.domain.product import CURRENCIES
from catalog.problems import CURRENCY_NOT_OFFERED
from catalog.service.ports import Listings, Row
from shop.cursor import REFUSED
from shop.problems import Problem


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
        return CURRENCY_NOT_OFFERED
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
