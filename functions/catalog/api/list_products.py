"""GET /products. Problems: 400 invalid_request, 422 currency_not_offered."""

from typing import Any

from catalog.domain.listing import Filter
from catalog.repository.listings import ListingRepository
from catalog.schemas import ProductFilter, ProductPage
from catalog.service.list_products import list_products
from shop import checkout_problems, problems
from shop.http import Link, Request, Response, Route, cacheable, entrypoint
from shop.problems import Problem
from shop.text import compact_json

CHEAPEST = {"sku": "$response.body#/data/0/variants/0/sku", "quantity": 1}
ROUTE = Route(
    method="GET",
    path="/products",
    summary="List products by category and price, cheapest first",
    auth="public",
    query=ProductFilter,
    responses={200: ProductPage, 304: None},
    problems=(problems.INVALID_REQUEST, checkout_problems.CURRENCY_NOT_OFFERED),
    links=(
        Link("get_product", {"product_id": "$response.body#/data/0/product_id"}),
        Link("list_products", {"cursor": "$response.body#/next_cursor"}),
        Link("check_stock", body={"lines": [CHEAPEST]}),
        Link("place_order", body={"lines": [CHEAPEST]}),
        Link("checkout", body={"lines": [CHEAPEST]}),
    ),
    throttle=(1000, 2000),
)
listings = ListingRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Answer a page; the rows hold its parts as finished JSON."""
    query: ProductFilter = request.query
    page = list_products(
        Filter(query.currency, query.category, query.price_min, query.price_max),
        cursor=query.cursor,
        limit=query.limit,
        listings=listings,
    )
    if isinstance(page, Problem):
        return page
    end = compact_json({"next_cursor": page.next_cursor})[1:]
    return cacheable(f'{{"data":[{",".join(page.summaries)}],{end}', max_age_s=60)


handler = entrypoint(ROUTE, handle)
