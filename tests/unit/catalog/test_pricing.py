"""What an order costs."""

import pytest

from catalog.domain import rates
from catalog.domain.pricing import MAX_TOTAL, Offer, price
from catalog.domain.product import CURRENCIES, MAX_UNIT_PRICE, Variant
from shop import money, strict
from shop.checkout import CurrencyNotOffered, Priced, TotalTooLarge, UnknownSkus

OFFERS = {
    "A": Offer("A", "prd_a", "Alpha", {"USD": 1000, "EUR": 950}),
    "B": Offer("B", "prd_b", "Beta", {"USD": 333}),
}


def order(
    quantities: dict[str, int], *, currency: str = "USD", country: str = "US", region: str = "OR"
) -> Priced:
    result = price(quantities, OFFERS, currency=currency, country=country, region=region)
    assert isinstance(result, Priced)
    return result


def test_the_total_is_goods_shipping_and_tax() -> None:
    result = order({"A": 2, "B": 1}, region="CA")
    assert (result.subtotal, result.shipping, result.tax) == (2333, 599, 169)
    assert result.total == 2333 + 599 + 169
    assert [(line.sku, line.unit_price, line.total) for line in result.lines] == [
        ("A", 1000, 2000),
        ("B", 333, 333),
    ]


@pytest.mark.parametrize(("quantity", "shipping"), [(7, 599), (8, 0)])
def test_shipping_is_free_from_a_worth_of_goods(quantity: int, shipping: int) -> None:
    assert order({"A": quantity}).shipping == shipping


def test_vat_is_taken_on_shipping_too_and_sales_tax_is_not() -> None:
    assert order({"A": 1}, currency="EUR", country="DE").tax == 275  # 19 % of 950 + 499
    assert order({"A": 1}, region="CA").tax == 72  # 7.25 % of 1000: half to even


@pytest.mark.parametrize(
    ("country", "region", "rate"),
    [
        ("DE", None, 19_000),
        ("FI", "Uusimaa", 25_500),
        ("US", "NJ", 6_625),
        ("US", "us-nj", 6_625),
        ("US", None, 0),
        ("US", "XX", 0),
        ("BR", None, 0),
    ],
)
def test_the_rate_is_that_of_the_destination(country: str, region: str | None, rate: int) -> None:
    assert rates.tax_rate(country, region) == rate


def test_every_unknown_sku_is_named() -> None:
    found = price({"X": 1, "A": 1, "Y": 1}, OFFERS, currency="EUR", country="US", region=None)
    assert found == UnknownSkus(skus=("X", "Y"))


@pytest.mark.parametrize(("sku", "currency"), [("B", "EUR"), ("A", "GBP"), ("A", "JPY")])
def test_a_line_without_a_price_in_the_currency_is_not_offered(sku: str, currency: str) -> None:
    found = price({sku: 1}, OFFERS, currency=currency, country="US", region=None)
    assert found == CurrencyNotOffered()


def test_outcomes_are_data() -> None:
    assert strict.dump(UnknownSkus(skus=("X",))) == {"outcome": "unknown_sku", "skus": ["X"]}
    assert strict.dump(CurrencyNotOffered()) == {"outcome": "currency_not_offered"}
    data = strict.dump(order({"A": 1}))
    assert data["outcome"] == "priced"
    assert data["lines"][0] == {
        "sku": "A",
        "product_id": "prd_a",
        "title": "Alpha",
        "quantity": 1,
        "unit_price": 1000,
        "total": 1000,
    }


def test_every_currency_of_the_catalogue_can_be_shipped() -> None:
    assert set(rates.SHIPPING) == set(CURRENCIES)


@pytest.mark.parametrize("excess", [0, 1])
def test_a_total_that_no_payment_could_take_is_not_priced(excess: int) -> None:
    # Untaxed, and shipped free.
    offers = {
        "A": Offer("A", "prd_a", "Alpha", {"EUR": 100_000}),
        "B": Offer("B", "prd_b", "Beta", {"EUR": 99_999 + excess}),
    }
    found = price({"A": 999, "B": 1}, offers, currency="EUR", country="BR", region=None)
    if excess:
        assert found == TotalTooLarge(max_total=99_999_999)
    else:
        assert isinstance(found, Priced)
        assert found.total == MAX_TOTAL


def test_tax_and_shipping_count_towards_the_largest_total() -> None:
    offers = {"A": Offer("A", "prd_a", "Alpha", {"EUR": MAX_TOTAL})}
    found = price({"A": 1}, offers, currency="EUR", country="DE", region=None)
    assert found == TotalTooLarge(max_total=MAX_TOTAL)


def test_no_order_can_exceed_the_largest_amount() -> None:
    assert 100 * 1000 * MAX_UNIT_PRICE * 13 // 10 < money.MAX_AMOUNT
    with pytest.raises(ValueError, match="out of range"):
        Variant("A", {}, {"USD": MAX_UNIT_PRICE + 1})
    with pytest.raises(ValueError, match="out of range"):
        Variant("A", {}, {"USD": 0})
