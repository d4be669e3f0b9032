"""Products in the table `catalog`: `PRODUCT#<id>`/`PRODUCT`. Read by key, eventually consistent."""

from pynamodb.attributes import UnicodeAttribute

from catalog.domain import product
from catalog.domain.product import Product
from shop import tables
from shop.tables import TableModel


class ProductItem(TableModel):
    """A product, whole, as JSON."""

    Meta = tables.meta("catalog")

    product = UnicodeAttribute()


class ProductRepository:
    """Products by id."""

    def get(self, product_id: str) -> Product | None:
        """The product with this id. One read."""
        try:
            item = ProductItem.get(*product.product_key(product_id))
        except ProductItem.DoesNotExist:
            return None
        return product.from_json(item.product)
