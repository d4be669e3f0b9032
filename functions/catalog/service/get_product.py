"""One product on sale."""

from catalog.domain.product import Product
from catalog.problems import CURRENCY_NOT_OFFERED
from catalog.service.ports import Products
from shop import ids, problems
from shop.problems import Problem


def get_product(product_id: str, *, currency: str, products: Products) -> Product | Problem:
    """A product on sale that has prices in this currency."""
    product = products.get(product_id) if ids.is_id("prd", product_id) else None
    if product is None or product.status != "active":
        return Problem(problems.NOT_FOUND, "No product on sale has this id.")
    if product.price_from(currency) is None:
        return CURRENCY_NOT_OFFERED
    return product
