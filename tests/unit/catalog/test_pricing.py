"""What an order costs."""

import pytest

from catalog.domain import rates
from catalog.domain.pricing import MAX_TOTAL, Offer, price
from catalog.domain.product import CURRENCIES, MAX_UNIT_PRICE, Variant
from shop import money, strict
from shop.checkout import (
    CurrencyNotOffered,
    DestinationNotServed,
    Priced,
    TotalTooLarge,
    UnknownSkus,
)

OFFERS = {
    "A": Offer("A", "prd_a", "Alpha", {"USD": 1000, "EUR": 950}),
    "B": Offer("B", "prd_b", "Beta", {"USD": 333}),
}


def order(
    quantities: dict[str, int],
    *,
    currency: str = "USD",
    country: str = "US",
    region: str | None = "OR",
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
    assert (
        order({"A": 1}, currency="EUR", country="DE", region=None).tax == 275
    )  # 19 % of 950 + 499
    assert order({"A": 1}, region="ND").tax == 50  # 5 % of 1000


@pytest.mark.parametrize(
    ("quantity", "unit_price", "region", "tax"),
    [
        (30, 499, "ND", 749),  # 7.485: Streamlined Sales and Use Tax Agreement, section 324
        (1, 1000, "CA", 73),  # 0.725
        (1, 1010, "ND", 51),  # 0.505
        (1, 1030, "ND", 52),  # 0.515
        (1, 1009, "ND", 50),  # 0.5045
    ],
)
def test_half_a_cent_of_tax_is_a_cent(
    quantity: int, unit_price: int, region: str, tax: int
) -> None:
    offers = {"A": Offer("A", "prd_a", "Alpha", {"USD": unit_price})}
    found = price({"A": quantity}, offers, currency="USD", country="US", region=region)
    assert isinstance(found, Priced)
    assert found.tax == tax


@pytest.mark.parametrize(
    ("country", "region", "rate"),
    [
        ("DE", None, 19_000),
        ("DE", "BUSINGEN", 8_100),
        ("DE", "HELGOLAND", 0),
        ("ES", "CN", 0),
        ("MC", None, 20_000),
        ("IM", None, 20_000),
        ("JE", None, 0),
        ("PT", "20", 16_000),
        ("CA", "ON", 13_000),
        ("CA", "AB", 5_000),
        ("US", "NJ", 6_625),
        ("US", "OR", 0),
        ("BR", None, 0),
    ],
)
def test_the_rate_is_that_of_the_destination(country: str, region: str | None, rate: int) -> None:
    assert rates.tax_rate((country, region)) == rate


@pytest.mark.parametrize(
    ("country", "region"),
    [("KP", None), ("US", "AE"), ("US", None), ("US", "California"), ("UK", None), ("XX", None)],
)
def test_nothing_goes_where_it_is_not_known_what_tax_is_due(
    country: str, region: str | None
) -> None:
    found = price({"A": 1}, OFFERS, currency="USD", country=country, region=region)
    assert found == DestinationNotServed()


def test_every_unknown_sku_is_named() -> None:
    found = price({"X": 1, "A": 1, "Y": 1}, OFFERS, currency="EUR", country="US", region="NJ")
    assert found == UnknownSkus(skus=("X", "Y"))


@pytest.mark.parametrize(("sku", "currency"), [("B", "EUR"), ("A", "GBP"), ("A", "JPY")])
def test_a_line_without_a_price_in_the_currency_is_not_offered(sku: str, currency: str) -> None:
    found = price({sku: 1}, OFFERS, currency=currency, country="US", region="NJ")
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


@pytest.mark.parametrize(
    ("currency", "unit_price", "shipping", "tax"),
    [
        ("JPY", 105, 500, 115),  # 19 % of 605 yen is 114.95
        ("JPY", 150, 500, 124),  # 123.5
        ("KWD", 1_150, 500, 314),  # 313.5 thousandths of a dinar
    ],
)
def test_tax_is_whole_minor_units_however_many_make_one(
    monkeypatch: pytest.MonkeyPatch, currency: str, unit_price: int, shipping: int, tax: int
) -> None:
    monkeypatch.setitem(rates.SHIPPING, currency, (shipping, 10**6))
    offers = {"A": Offer("A", "prd_a", "Alpha", {currency: unit_price})}
    found = price({"A": 1}, offers, currency=currency, country="DE", region=None)
    assert isinstance(found, Priced)
    assert (found.tax, found.total) == (tax, unit_price + shipping + tax)


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
