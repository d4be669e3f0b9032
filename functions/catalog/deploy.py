"""Catalog: products and prices, read by everyone, changed by operators."""

from shop.deploy import Function, Service, Table

SERVICE = Service(
    description="Products and prices",
    tables=(Table(name="catalog"),),
    own_key=False,
    functions=(
        Function(place="api/list_products", tables={"catalog": ("GetItem", "Query")}),
        Function(place="api/get_product", tables={"catalog": ("GetItem",)}),
        Function(place="steps", tables={"catalog": ("BatchGetItem",)}),
    ),
    ids={"prd": ("product_id",)},
)
