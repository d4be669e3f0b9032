"""The catalogue as an import writes it: products with their prices, and lists. Consistent reads.

Rows as products.py, prices.py and listings.py have them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from catalog.domain import listing, product
from catalog.domain.placement import Relisting
from catalog.domain.product import Product, Variant
from catalog.repository.listings import BandsItem, ListingItem
from catalog.repository.prices import PriceItem
from catalog.repository.products import ProductItem
from shop import tables
from shop.tables import batch_get, transact
from shop.text import compact_json


class CatalogueRepository:
    """Implements `service.ports.Catalogue`."""

    def products(self, product_ids: Sequence[str]) -> Mapping[str, Product]:
        """One read per 100."""
        keys = [product.product_key(id_) for id_ in product_ids]
        found = (
            product.from_json(item.product)
            for item in batch_get(ProductItem, keys, consistent=True)
        )
        return {each.product_id: each for each in found}

    def owners(self, skus: Sequence[str]) -> Mapping[str, str]:
        """One read per 100."""
        items = batch_get(PriceItem, [product.price_key(sku) for sku in skus], consistent=True)
        return {item.pk.removeprefix("SKU#"): item.product_id for item in items}

    def bounds(self, currency: str, scope: str) -> Sequence[str]:
        """One read."""
        try:
            item = BandsItem.get(*listing.bands_key(currency, scope), consistent_read=True)
        except BandsItem.DoesNotExist:
            return ()
        found: list[str] = json.loads(item.bounds)
        return found

    def rows(self, currency: str, scope: str, bound: str) -> Mapping[str, str]:
        """One query."""
        band = listing.band_key(currency, scope, bound)
        return {item.sk: item.summary for item in ListingItem.query(band, consistent_read=True)}

    def save(self, before: Product | None, after: Product) -> bool:
        """One transaction."""
        unchanged: Condition = ProductItem.pk.does_not_exist()
        if before is not None:
            unchanged = ProductItem.product == compact_json(asdict(before))
        item = ProductItem(
            *product.product_key(after.product_id), product=compact_json(asdict(after))
        )
        free = PriceItem.pk.does_not_exist() | (PriceItem.product_id == after.product_id)

        def build(tx: TransactWrite) -> None:
            tx.save(item, condition=unchanged)
            for price in _prices(before, after):
                tx.save(price, condition=free)

        return not transact(build)

    def relist(self, relisting: Relisting) -> bool:
        """Rows first, then where the bands begin, then what is no longer there."""
        currency, scope = relisting.list
        for (bound, key), text in relisting.puts.items():
            ListingItem(listing.band_key(currency, scope, bound), key, summary=text).save()
        if [*relisting.bounds] != [*relisting.before]:
            same: Condition = BandsItem.pk.does_not_exist()
            if relisting.before:
                same = BandsItem.bounds == json.dumps([*relisting.before])
            bands = listing.bands_key(currency, scope)
            new = BandsItem(*bands, bounds=json.dumps([*relisting.bounds]))
            if tables.put(new, same) is not None:
                return False
        for bound, key in relisting.deletes:
            ListingItem(listing.band_key(currency, scope, bound), key).delete()
        return True


def _prices(before: Product | None, after: Product) -> list[PriceItem]:
    """Of all its SKUs; one that it has no longer stays its own, and is not sold."""
    gone = {v.sku: v for v in before.variants} if before else {}
    for variant in after.variants:
        gone.pop(variant.sku, None)
    return [
        *(_price(after, variant, after.status) for variant in after.variants),
        *(_price(after, variant, "archived") for variant in gone.values()),
    ]


def _price(owner: Product, variant: Variant, status: str) -> PriceItem:
    return PriceItem(
        *product.price_key(variant.sku),
        product_id=owner.product_id,
        title=owner.title,
        prices=compact_json(dict(variant.prices)),
        status=status,
    )
