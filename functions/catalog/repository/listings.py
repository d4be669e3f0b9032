"""Lists in price bands in the table `catalog` (see domain/listing.py).

`LIST#<currency>#<scope>`/`BANDS`; `LIST#<currency>#<scope>#<bound>`/`<lowest price>#<product id>`.
Read by key or by range inside one band, eventually consistent.
"""

import json
import time
from collections.abc import Callable, Sequence

from pynamodb.attributes import UnicodeAttribute

from catalog.domain import listing
from shop import tables
from shop.tables import TableModel

# As long as an answer may be cached. A list whose bands were cut anew keeps its old rows longer.
BOUNDS_TTL_S = 60.0
BOUNDS_KEPT = 256


class BandsItem(TableModel):
    """Where the bands of a list begin."""

    Meta = tables.meta("catalog")

    bounds = UnicodeAttribute()


class ListingItem(TableModel):
    """A product in a list: the finished JSON of its summary."""

    Meta = tables.meta("catalog")

    summary = UnicodeAttribute()


class ListingRepository:
    """Lists in bands. Bounds are remembered for BOUNDS_TTL_S, so that a page is one query."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bounds: dict[tuple[str, str], tuple[float, Sequence[str]]] = {}

    def bounds(self, currency: str, scope: str) -> Sequence[str]:
        """Where the bands of a list begin. One read per list, function instance and minute."""
        known = self._bounds.get((currency, scope))
        if known is not None and self._clock() < known[0]:
            return known[1]
        try:
            item = BandsItem.get(*listing.bands_key(currency, scope))
        except BandsItem.DoesNotExist:
            return ()  # Not remembered: categories that do not exist are without number.
        found: list[str] = json.loads(item.bounds)
        if len(self._bounds) >= BOUNDS_KEPT:
            self._bounds.clear()
        self._bounds[currency, scope] = (self._clock() + BOUNDS_TTL_S, found)
        return found

    def band(
        self, currency: str, scope: str, bound: str, *, first: str, last: str, limit: int
    ) -> Sequence[tuple[str, str]]:
        """The first rows of a band from key `first` to key `last`. One query."""
        found = ListingItem.query(
            listing.band_key(currency, scope, bound),
            ListingItem.sk.between(first, last),
            limit=limit,
        )
        return [(item.sk, item.summary) for item in found]
