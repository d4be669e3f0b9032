"""Prices in the table `catalog`: `SKU#<sku>`/`PRICE`.

Eventually consistent: a price is checked again when the order is placed.
"""

import json
from collections.abc import Mapping, Sequence

from pynamodb.attributes import UnicodeAttribute

from catalog.domain import product
from catalog.domain.pricing import Offer
from shop import tables
from shop.tables import TableModel, batch_get


class PriceItem(TableModel):
    """What a SKU costs, and the little that an order line needs of its product."""

    Meta = tables.meta("catalog")

    product_id = UnicodeAttribute()
    title = UnicodeAttribute()
    prices = UnicodeAttribute()
    status = UnicodeAttribute()


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
