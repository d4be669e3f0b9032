"""GET /products and GET /products/{product_id}."""

import pytest

from catalog.api import get_product, list_products
from catalog.repository.listings import ListingRepository
from catalog.schemas import ProductOut, ProductPage
from tests.support.gateway import Reply, call, event
from tests.support.interceptor import Interceptor

from .conftest import ARCHIVED, DOLLARS_ONLY, PRODUCTS

pytestmark = pytest.mark.usefixtures("interceptor")


def products(etag: str | None = None, **query: str) -> Reply:
    headers = {"If-None-Match": etag} if etag else None
    sent = event("GET", "/products", query=query, sub=None, headers=headers)
    return call(list_products.handler, sent)


def product(product_id: str, etag: str | None = None, **query: str) -> Reply:
    sent = event(
        "GET",
        f"/products/{product_id}",
        query=query,
        sub=None,
        path_parameters={"product_id": product_id},
        headers={"If-None-Match": etag} if etag else None,
    )
    return call(get_product.handler, sent)


def titles(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.text
    return [item.title for item in ProductPage.model_validate_json(reply.text).data]


def test_the_first_page_is_the_twenty_cheapest() -> None:
    reply = products()
    assert titles(reply) == [f"Product {n}" for n in range(20)]
    assert reply.headers["Cache-Control"] == "public, max-age=60"
    variants = reply.json["data"][3]["variants"]
    assert variants[1] == {
        "sku": "SKU-3-1",
        "attributes": {"size": "1"},
        "price": {"amount": 1031, "currency": "USD"},
    }


def test_a_page_is_one_query_when_the_bands_are_known(interceptor: Interceptor) -> None:
    products()
    assert [request.operation for request in interceptor.requests] == ["GetItem", "Query"]
    interceptor.reset()
    cursor = products().json["next_cursor"]
    assert [request.operation for request in interceptor.requests] == ["Query"]
    interceptor.reset()
    products(cursor=cursor)  # crosses into the next band
    assert [request.operation for request in interceptor.requests] == ["Query", "Query"]


def test_bands_are_read_again_after_a_minute(
    interceptor: Interceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    listings = ListingRepository(clock=lambda: now)
    monkeypatch.setattr(list_products, "listings", listings)
    reads = []
    for now in (0.0, 59.0, 61.0):  # noqa: B007 (read by the clock)
        interceptor.reset()
        products()
        reads.append([request.operation for request in interceptor.requests].count("GetItem"))
    assert reads == [1, 0, 1]


def test_lists_never_scan(interceptor: Interceptor) -> None:
    products(category="tea", price_min="1100", price_max="1500", currency="EUR", limit="100")
    assert {request.operation for request in interceptor.requests} <= {"GetItem", "Query"}


def test_pages_follow_each_other_to_the_end() -> None:
    seen: list[str] = []
    cursor: str | None = None
    while cursor is not None or not seen:
        reply = products(limit="17", category="tea", **({"cursor": cursor} if cursor else {}))
        seen += titles(reply)
        cursor = reply.json["next_cursor"]
    assert seen == [f"Product {n}" for n in range(90) if n % 3]


def test_filters_hold_together() -> None:
    reply = products(category="coffee", price_min="1200", price_max="1500", currency="USD")
    assert titles(reply) == [f"Product {n}" for n in range(21, 51, 3)]


def test_an_unknown_category_is_an_empty_list() -> None:
    assert products(category="no-such").json == {"data": [], "next_cursor": None}


def test_a_list_that_has_not_changed_is_304() -> None:
    etag = products().headers["ETag"]
    again = products(etag)
    assert (again.status, again.text) == (304, "")
    assert products(etag, limit="3").status == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"price_min": "2", "price_max": "1"}, "price_max"),
        ({"price_min": "-1"}, "price_min"),
        ({"price_max": "1e3"}, "price_max"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "XXQ"}, "currency"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"category": "*"}, "category"),
        ({"cursor": "garbage"}, "cursor"),
        ({"colour": "red"}, ""),  # What is not known is not quoted.
    ],
)
def test_a_bad_parameter_is_400_and_named(query: dict[str, str], parameter: str) -> None:
    reply = products(**query)
    assert (reply.status, reply.json["code"]) == (400, "invalid_request")
    assert [error["parameter"] for error in reply.json["errors"]] == [parameter]


def test_a_cursor_of_another_filter_is_400() -> None:
    cursor = products(category="tea").json["next_cursor"]
    assert products(category="tea", cursor=cursor, limit="5").status == 200
    assert products(category="coffee", cursor=cursor).status == 400


def test_a_currency_that_is_not_offered_is_422() -> None:
    reply = products(currency="JPY")
    assert (reply.status, reply.json["code"]) == (422, "currency_not_offered")


def test_a_product_is_shown_with_prices_in_the_currency_asked_for() -> None:
    made = PRODUCTS[4]
    reply = product(made.product_id, currency="EUR")
    shown = ProductOut.model_validate_json(reply.text)
    assert (shown.title, shown.status) == ("Product 4", "active")
    assert [variant.price.amount for variant in shown.variants] == [980, 981]
    assert product(made.product_id, reply.headers["ETag"], currency="EUR").status == 304
    assert product(made.product_id, reply.headers["ETag"], currency="USD").status == 200


@pytest.mark.parametrize(
    "product_id", [ARCHIVED.product_id, "prd_use1_0000000000000000000000000a", "x", "é"]
)
def test_what_is_not_on_sale_is_404(product_id: str) -> None:
    reply = product(product_id)
    assert (reply.status, reply.json["code"]) == (404, "not_found")


def test_a_product_without_a_price_in_the_currency_is_422() -> None:
    reply = product(DOLLARS_ONLY.product_id, currency="EUR")
    assert (reply.status, reply.json["code"]) == (422, "currency_not_offered")
