"""Where the rows of a list go when products change: bands stay where they are, and split.

So an import writes the rows of its own products, and of a band that grew too long; whatever was cut
short is seen in what is stored, and put right by the next one.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog.domain.listing import BAND_ROWS, EVERYTHING
from catalog.domain.product import CURRENCIES, Product, summary
from shop.text import compact_json

Rows = Mapping[str, str]  # summaries by key
List = tuple[str, str]  # currency and scope


@dataclass(frozen=True, slots=True)
class Bands:
    """A list as it is: rows by band, and by key within."""

    bounds: Sequence[str]
    rows: Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Relisting:
    """What has to be written of a list: rows by band and key, in this order."""

    list: List
    before: Sequence[str]
    bounds: Sequence[str]
    puts: Mapping[tuple[str, str], str]
    deletes: Collection[tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        """Whether all is as it should be."""
        return not self.puts and not self.deletes and [*self.before] == [*self.bounds]


def listed(product: Product) -> Iterator[tuple[List, str, str]]:
    """The lists that a product is in, with its key and summary there."""
    for currency in CURRENCIES if product.status == "active" else ():
        price = product.price_from(currency)
        if price is None:
            continue
        text = compact_json(summary(product, currency))
        for scope in (EVERYTHING, product.category):
            yield (currency, scope), f"{price:012d}#{product.product_id}", text


def lists_of(product: Product) -> set[List]:
    """Those that it may be in."""
    scopes = (EVERYTHING, product.category)
    return {(currency, scope) for currency in CURRENCIES for scope in scopes}


def relisted(name: List, now: Bands, *, products: Collection[str], wanted: Rows) -> Relisting:
    """The list with these rows in place of all that these products have in it."""
    others = {
        key: text
        for rows in now.rows.values()
        for key, text in rows.items()
        if key.partition("#")[2] not in products
    }
    placed = _placed({**others, **wanted}, now.bounds or [""])
    stored = {(bound, key): text for bound, rows in now.rows.items() for key, text in rows.items()}
    return Relisting(
        list=name,
        before=now.bounds,
        bounds=sorted({bound for bound, _ in placed} | {*(now.bounds or [""])}),
        puts={place: text for place, text in placed.items() if stored.get(place) != text},
        deletes=sorted(stored.keys() - placed.keys()),
    )


def _placed(rows: Rows, bounds: Sequence[str]) -> dict[tuple[str, str], str]:
    bands: dict[str, list[str]] = {}
    for key in sorted(rows):
        bound = bounds[max(bisect_right(bounds, key) - 1, 0)]
        bands.setdefault(bound, []).append(key)
    placed: dict[tuple[str, str], str] = {}
    for bound, keys in bands.items():
        for start in range(0, len(keys), BAND_ROWS):
            begins = keys[start] if start else bound
            placed |= {(begins, key): rows[key] for key in keys[start : start + BAND_ROWS]}
    return placed
