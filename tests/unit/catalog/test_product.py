"""What a product is."""

import pytest

from catalog.domain import product
from catalog.domain.product import Product
from catalog.service.get_product import get_product
from shop.problems import Problem
from tests.unit.catalog.builders import make_product


class FakeProducts:
    """One product."""

    def __init__(self, stored: Product) -> None:
        self.stored = stored

    def get(self, product_id: str) -> Product | None:
        return self.stored if product_id == self.stored.product_id else None


def test_a_product_survives_its_row() -> None:
    made = make_product(variants=3)
    assert product.from_json(product.rows(made)[0]["product"]) == made


def test_each_sku_has_its_own_price_row() -> None:
    rows = product.rows(make_product(7, variants=2))
    assert [row["pk"] for row in rows[1:]] == ["SKU#SKU-7-0", "SKU#SKU-7-1"]


def test_a_product_on_sale_is_found() -> None:
    made = make_product()
    found = get_product(made.product_id, currency="USD", products=FakeProducts(made))
    assert found == made


@pytest.mark.parametrize("product_id", ["x", "prd_use1_0000000000000000000000000a"])
def test_another_id_finds_nothing(product_id: str) -> None:
    found = get_product(product_id, currency="USD", products=FakeProducts(make_product()))
    assert isinstance(found, Problem)
    assert found.type.code == "not_found"


def test_an_archived_product_is_not_found() -> None:
    made = make_product(status="archived")
    found = get_product(made.product_id, currency="USD", products=FakeProducts(made))
    assert isinstance(found, Problem)
    assert found.type.code == "not_found"


def test_a_product_without_a_price_in_the_currency_says_so() -> None:
    made = make_product(prices={"USD": 100})
    found = get_product(made.product_id, currency="EUR", products=FakeProducts(made))
    assert isinstance(found, Problem)
    assert found.type.code == "currency_not_offered"
