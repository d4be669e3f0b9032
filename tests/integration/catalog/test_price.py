"""The step `price` against the table."""

from typing import Any

import pytest

from catalog import steps
from shop.trace import from_header
from tests.support.interceptor import Interceptor
from tests.support.lambda_context import FakeContext

from .conftest import ARCHIVED, DOLLARS_ONLY

pytestmark = pytest.mark.usefixtures("interceptor")


def price(
    *lines: tuple[str, int], currency: str = "USD", country: str = "US", region: str = "CA"
) -> dict[str, Any]:
    task = {
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in lines],
        "currency": currency,
        "ship_to": {"country": country, "region": region},
    }
    event = {"step": "price", **task, "trace": from_header(None).to_dict()}
    return steps.handler(event, FakeContext())


def test_an_order_is_priced_with_one_request(interceptor: Interceptor) -> None:
    result = price(("SKU-0-0", 1), ("SKU-1-1", 2), ("SKU-0-0", 1))
    assert [request.operation for request in interceptor.requests] == ["BatchGetItem"]
    assert result["outcome"] == "priced"
    assert [(line["sku"], line["quantity"], line["total"]) for line in result["lines"]] == [
        ("SKU-0-0", 2, 2000),
        ("SKU-1-1", 2, 2022),
    ]
    assert result["subtotal"] == 4022
    assert result["total"] == 4022 + 599 + result["tax"]


def test_a_hundred_skus_are_still_one_request(interceptor: Interceptor) -> None:
    skus = [(f"SKU-{n}-{v}", 1) for n in range(50) for v in range(2)]
    assert len(price(*skus)["lines"]) == 100
    assert len(interceptor.requests) == 1


def test_what_is_not_on_sale_is_an_unknown_sku() -> None:
    archived = ARCHIVED.variants[0].sku
    result = price(("SKU-0-0", 1), (archived, 1), ("NOPE", 1))
    assert result == {"outcome": "unknown_sku", "skus": [archived, "NOPE"]}


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_a_line_without_a_price_in_the_currency_is_not_offered(currency: str) -> None:
    sku = DOLLARS_ONLY.variants[0].sku
    assert price((sku, 1), currency=currency) == {"outcome": "currency_not_offered"}


def test_a_total_that_no_payment_could_take_is_refused() -> None:
    # More units than an order may have; what such an order costs is all that counts here.
    result = price(("SKU-0-0", 100_000))
    assert result == {"outcome": "total_too_large", "max_total": 99_999_999}


@pytest.mark.parametrize(("country", "region"), [("US", "California"), ("UK", ""), ("US", "AE")])
def test_a_place_without_a_known_tax_is_not_served(country: str, region: str) -> None:
    result = price(("SKU-0-0", 1), country=country, region=region)
    assert result == {"outcome": "destination_not_served"}
