"""GET /products/{product_id}. Problems: 400 invalid_request, 404 not_found, 422 currency."""

from typing import Any

from catalog.domain.product import detail
from catalog.repository.products import ProductRepository
from catalog.schemas import ProductOut, ProductView
from catalog.service.get_product import get_product
from shop import checkout_problems, problems
from shop.http import Request, Response, Route, cacheable, entrypoint
from shop.problems import Problem
from shop.text import compact_json

ROUTE = Route(
    method="GET",
    path="/products/{product_id}",
    summary="Show a product",
    auth="public",
    query=ProductView,
    responses={200: ProductOut, 304: None},
    problems=(problems.INVALID_REQUEST, problems.NOT_FOUND, checkout_problems.CURRENCY_NOT_OFFERED),
    throttle=(1000, 2000),
)
products = ProductRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Answer the product with prices in one currency."""
    query: ProductView = request.query
    product = get_product(request.path["product_id"], currency=query.currency, products=products)
    if isinstance(product, Problem):
        return product
    return cacheable(compact_json(detail(product, query.currency)), max_age_s=60)


handler = entrypoint(ROUTE, handle)
