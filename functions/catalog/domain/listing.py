"""Lists of products: one order, pages, cursors, and the rows that make a page cheap.

A list is (currency, scope); scope is a category or everything. Its rows are sorted by lowest price
and then id, hold the finished JSON of a product's summary, and are cut into price bands of at most
BAND_ROWS rows. A band is one partition, so no partition grows with the catalogue; the row `BANDS`
of a list names where its bands begin. A page is therefore one query, two where it crosses into
the next band, whatever the filter and however large the catalogue.
"""

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.domain.product import CURRENCIES, Product, summary
from shop import cursor, ids
from shop.text import compact_json

BAND_ROWS = 40
EVERYTHING = "*"  # no category can be named so
MAX_PRICE = 10**12 - 1
_PLACE = ("[0-9]{12}", ids.pattern("prd"))  # the two parts of a key


@dataclass(frozen=True, slots=True)
class Filter:
    """Which products, in which currency. Prices are minor units and apply to the lowest price."""

    currency: str
    category: str | None = None
    price_min: int = 0
    price_max: int = MAX_PRICE

    @property
    def scope(self) -> str:
        """The list that it reads."""
        return self.category or EVERYTHING

    @property
    def first(self) -> str:
        """No key of a match is lower."""
        return f"{self.price_min:012d}#"

    @property
    def last(self) -> str:
        """No key of a match is higher."""
        return f"{self.price_max:012d}#~"


def encode_cursor(filter_: Filter, key: str) -> str:
    """The opaque form of `go on after this key of this list`."""
    price, _, product_id = key.partition("#")
    return cursor.encode([price, product_id], scope=_cursor_scope(filter_))


def decode_cursor(filter_: Filter, text: str) -> str | None:
    """The key to go on after; None for anything that a page of this filter did not hand out."""
    try:
        price, product_id = cursor.decode(text, scope=_cursor_scope(filter_), forms=_PLACE)
    except cursor.InvalidCursor:
        return None
    in_range = filter_.price_min <= int(price) <= filter_.price_max
    return f"{price}#{product_id}" if in_range else None


def _cursor_scope(filter_: Filter) -> str:
    parts = [filter_.currency, filter_.scope, filter_.price_min, filter_.price_max]
    return f"products {compact_json(parts)}"


def after(key: str) -> str:
    """The lowest key above this one: ids have one length and no character below `!`."""
    return f"{key}!"


def overlapping(bounds: Sequence[str], first: str, last: str) -> Iterator[str]:
    """The bands, lowest first, that can hold keys from `first` to `last`."""
    index = max(bisect_right(bounds, first) - 1, 0)
    for bound in bounds[index:]:
        if bound > last:
            return
        yield bound


def band_key(currency: str, scope: str, bound: str) -> str:
    """The partition of one band."""
    return f"LIST#{currency}#{scope}#{bound or '-'}"


def bands_key(currency: str, scope: str) -> tuple[str, str]:
    """Where the bounds of a list's bands are."""
    return f"LIST#{currency}#{scope}", "BANDS"


def rows(products: Iterable[Product]) -> list[dict[str, Any]]:
    """All listing rows of a catalogue: two per product and currency, one per list."""
    lists: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for product in products:
        for currency in CURRENCIES:
            price = product.price_from(currency)
            if price is None or product.status != "active":
                continue
            text = compact_json(summary(product, currency))
            row = {"sk": f"{price:012d}#{product.product_id}", "summary": text}
            for scope in (EVERYTHING, product.category):
                lists[currency, scope].append(row)
    return [row for key, members in sorted(lists.items()) for row in _banded(*key, members)]


def _banded(currency: str, scope: str, members: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    members = sorted(members, key=lambda row: str(row["sk"]))
    bounds = []
    for start in range(0, len(members), BAND_ROWS):
        # The first band begins below everything, so that a new lowest price has a place.
        bound = members[start]["sk"] if start else ""
        bounds.append(bound)
        for row in members[start : start + BAND_ROWS]:
            yield {"pk": band_key(currency, scope, bound), **row}
    pk, sk = bands_key(currency, scope)
    yield {"pk": pk, "sk": sk, "bounds": json.dumps(bounds)}
