"""The demonstration data: believable, and the same for everybody."""

import re
from collections import Counter, defaultdict
from functools import cache

from catalog.domain.product import CURRENCIES
from identity.domain.user import Role
from inventory.domain.fulfilment_centres import CENTRES
from tools.seed import USERS, catalogue, stock

PRODUCTS = catalogue.products("us-east-1")
SKUS = [variant.sku for product in PRODUCTS for variant in product.variants]


@cache
def units() -> dict[str, dict[str, int]]:
    """Units by SKU and centre after everything that was booked."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for change in [
        *stock.receipts(PRODUCTS, "us-east-1"),
        *stock.write_offs(PRODUCTS, "us-east-1"),
    ]:
        before = found[change.sku].get(change.location, 0)
        found[change.sku][change.location] = before + change.on_hand
        assert change.movement is not None
        assert change.movement.quantity == change.on_hand == change.available
    return found


def test_there_are_500_products_in_twelve_categories() -> None:
    assert len(PRODUCTS) == 500
    sizes = Counter(product.category for product in PRODUCTS)
    assert len(sizes) == 12
    assert set(sizes.values()) == {41, 42}


def test_there_are_more_than_1000_skus_of_legal_form_and_no_two_alike() -> None:
    assert len(SKUS) >= 1000
    assert len(set(SKUS)) == len(SKUS)
    assert all(re.fullmatch("[A-Z0-9][A-Z0-9-]{0,39}", sku) for sku in SKUS)


def test_titles_are_unique_within_their_category() -> None:
    titles = Counter((product.category, product.title) for product in PRODUCTS)
    assert set(titles.values()) == {1}


def test_everything_has_a_price_in_every_currency() -> None:
    for product in PRODUCTS:
        for variant in product.variants:
            assert set(variant.prices) == set(CURRENCIES)
            assert all(price >= 100 for price in variant.prices.values())


def test_it_is_the_same_every_time() -> None:
    assert catalogue.products("us-east-1") == PRODUCTS
    assert list(stock.receipts(PRODUCTS, "us-east-1")) == list(
        stock.receipts(PRODUCTS, "us-east-1")
    )


def test_limited_editions_have_ten_units_of_each_sku_in_one_place_or_in_three() -> None:
    limited = [product for n, product in enumerate(PRODUCTS) if catalogue.is_limited(n)]
    assert len(limited) == 30
    spreads: Counter[int] = Counter()
    for product in limited:
        assert product.title.endswith(catalogue.LIMITED)
        for variant in product.variants:
            found = units()[variant.sku]
            assert sum(found.values()) == 10
            spreads[len(found)] += 1
    assert set(spreads) == {1, 3}


def test_sold_out_products_are_known_but_empty() -> None:
    sold_out = [product for n, product in enumerate(PRODUCTS) if catalogue.is_sold_out(n)]
    assert len(sold_out) == 5
    for product in sold_out:
        for variant in product.variants:
            assert set(units()[variant.sku].values()) == {0}


def test_every_sku_is_somewhere() -> None:
    found = units()
    assert set(found) == set(SKUS)
    assert {location for levels in found.values() for location in levels} == set(CENTRES)


def test_there_is_a_user_of_every_role() -> None:
    assert list(USERS) == ["customer", "second_customer", "admin", "finance", "ops"]
    assert {user["role"] for user in USERS.values()} == set(Role)
    assert len({user["email"] for user in USERS.values()}) == len(USERS)
