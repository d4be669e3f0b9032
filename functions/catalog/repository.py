"""The table `catalog`: products, prices, and lists in price bands (see domain/listing.py).

`PRODUCT#<id>`/`PRODUCT`; `SKU#<sku>`/`PRICE`; `LIST#<currency>#<scope>`/`BANDS`;
`LIST#<currency>#<scope>#<bound>`/`<lowest price>#<product id>`. All reads are by key or by range
inside one band, and eventually consistent: a price is checked again when the order is placed.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence

from pynamodb.attributes import UnicodeAttribute

from catalog.domain import listing, product
from catalog.domain.pricing import Offer
from catalog.domain.product import Product
from shop.tables import TableModel, batch_get, region, table_name

# As long as an answer may be cached. A list whose bands were cut anew keeps its old rows longer.
BOUNDS_TTL_S = 60.0
BOUNDS_KEPT = 256


class _Meta:
    table_name = table_name("catalog")
    region = region()


class ProductItem(TableModel):
    """A product, whole, as JSON."""

    class Meta(_Meta):
        pass

    product = UnicodeAttribute()


class PriceItem(TableModel):
    """What a SKU costs, and the little that an order line needs of its product."""

    class Meta(_Meta):
        pass

    product_id = UnicodeAttribute()
    title = UnicodeAttribute()
    prices = UnicodeAttribute()
    status = UnicodeAttribute()


class BandsItem(TableModel):
    """Where the bands of a list begin."""

    class Meta(_Meta):
        pass

    bounds = UnicodeAttribute()


class ListingItem(TableModel):
    """A product in a list: the finished JSON of its summary."""

    class Meta(_Meta):
        pass

    summary = UnicodeAttribute()


class ProductRepository:
    """Products by id."""

    def get(self, product_id: str) -> Product | None:
        """The product with this id. One read."""
        try:
            item = ProductItem.get(*product.product_key(product_id))
        except ProductItem.DoesNotExist:
            return None
        return product.of_text(item.product)


class PriceRepository:
    """Prices by SKU."""

    def offers(self, skus: Sequence[str]) -> Mapping[str, Offer]:
        """What is on sale of these SKUs. One read per 100."""
        items = batch_get(PriceItem, [product.price_key(sku) for sku in skus])
        offers = [
            Offer(
                item.pk.removeprefix("SKU#"), item.product_id, item.title, json.loads(item.prices)
            )
            for item in items
            if item.status == "active"
        ]
        return {offer.sku: offer for offer in offers}


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
