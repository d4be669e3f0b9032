"""Order, pages, bands and cursors."""

import base64
import json
from collections.abc import Sequence
from itertools import pairwise

import pytest

from catalog.domain import listing
from catalog.domain.listing import BAND_ROWS, Filter
from catalog.domain.product import Product
from catalog.service.list_products import Page, list_products
from shop.problems import Problem
from tests.unit.catalog.builders import make_product


class FakeListings:
    """Lists in memory, read as the table is read; counts the queries."""

    def __init__(self, products: Sequence[Product]) -> None:
        self.partitions: dict[str, list[tuple[str, str]]] = {}
        self.bands: dict[str, list[str]] = {}
        self.queries = 0
        for row in listing.rows(products):
            if row["sk"] == "BANDS":
                self.bands[row["pk"]] = json.loads(row["bounds"])
            else:
                self.partitions.setdefault(row["pk"], []).append((row["sk"], row["summary"]))

    def bounds(self, currency: str, scope: str) -> Sequence[str]:
        return self.bands.get(listing.bands_key(currency, scope)[0], [])

    def band(
        self, currency: str, scope: str, bound: str, *, first: str, last: str, limit: int
    ) -> Sequence[tuple[str, str]]:
        self.queries += 1
        rows = self.partitions[listing.band_key(currency, scope, bound)]
        assert [key for key, _ in rows] == sorted(key for key, _ in rows)
        return [row for row in rows if first <= row[0] <= last][:limit]


CATALOGUE = [
    make_product(n, usd=500 + 37 * n % 4000, category="tea" if n % 3 else "coffee")
    for n in range(200)
]


def page(filter_: Filter, listings: FakeListings, *, limit: int, cursor: str | None = None) -> Page:
    result = list_products(filter_, cursor=cursor, limit=limit, listings=listings)
    assert isinstance(result, Page)
    return result


def walk(filter_: Filter, listings: FakeListings, *, limit: int) -> list[str]:
    """The ids on all pages."""
    found: list[str] = []
    cursor = None
    while True:
        result = page(filter_, listings, limit=limit, cursor=cursor)
        assert len(result.summaries) <= limit
        found += [json.loads(text)["product_id"] for text in result.summaries]
        cursor = result.next_cursor
        if cursor is None:
            return found
        assert len(result.summaries) == limit


@pytest.mark.parametrize("limit", [1, 7, 40, 100])
@pytest.mark.parametrize(
    "filter_",
    [
        Filter("USD"),
        Filter("EUR", "tea"),
        Filter("USD", "coffee", 1000, 2000),
        Filter("GBP", None, 1500),
        Filter("USD", None, 537, 537),
        Filter("USD", None, 1, 2),
        Filter("USD", "no-such-category"),
    ],
)
def test_the_pages_together_are_the_matches_by_price_each_once(filter_: Filter, limit: int) -> None:
    matches = sorted(
        (price, product.product_id)
        for product in CATALOGUE
        if (price := product.price_from(filter_.currency)) is not None
        and filter_.price_min <= price <= filter_.price_max
        and filter_.category in (None, product.category)
    )
    assert walk(filter_, FakeListings(CATALOGUE), limit=limit) == [id_ for _, id_ in matches]


def test_a_page_costs_one_query_or_two() -> None:
    listings = FakeListings(CATALOGUE)
    cursor, costs = None, []
    while True:
        listings.queries = 0
        result = page(Filter("USD"), listings, limit=20, cursor=cursor)
        costs.append(listings.queries)
        cursor = result.next_cursor
        if cursor is None:
            break
    assert costs[0] == 1
    assert max(costs) == 2


def test_no_partition_grows_with_the_catalogue() -> None:
    sizes = [len(rows) for rows in FakeListings(CATALOGUE).partitions.values()]
    assert max(sizes) == BAND_ROWS


def test_bands_cover_every_price() -> None:
    for bounds in FakeListings(CATALOGUE).bands.values():
        assert bounds[0] == ""
        assert all(low < high for low, high in pairwise(bounds))


def test_a_product_is_listed_by_its_lowest_price() -> None:
    product = make_product(1, usd=1000, variants=3)
    assert walk(Filter("USD", None, 1000, 1000), FakeListings([product]), limit=5)
    assert not walk(Filter("USD", None, 1001), FakeListings([product]), limit=5)


def test_what_is_archived_or_has_no_price_in_the_currency_is_not_listed() -> None:
    listings = FakeListings(
        [make_product(1, status="archived"), make_product(2, prices={"USD": 1000})]
    )
    assert len(walk(Filter("USD"), listings, limit=5)) == 1
    assert walk(Filter("EUR"), listings, limit=5) == []


def test_a_currency_without_prices_is_not_an_empty_list() -> None:
    result = list_products(Filter("JPY"), cursor=None, limit=5, listings=FakeListings(CATALOGUE))
    assert isinstance(result, Problem)
    assert result.type.code == "currency_not_offered"


GOOD = page(Filter("USD", "tea"), FakeListings(CATALOGUE), limit=3).next_cursor or ""


@pytest.mark.parametrize(
    "filter_",
    [
        Filter("EUR", "tea"),
        Filter("USD"),
        Filter("USD", "coffee"),
        Filter("USD", "tea", 1),
        Filter("USD", "tea", 0, 9999),
    ],
)
def test_a_cursor_belongs_to_its_filters(filter_: Filter) -> None:
    assert listing.decode_cursor(Filter("USD", "tea"), GOOD)
    result = list_products(filter_, cursor=GOOD, limit=3, listings=FakeListings(CATALOGUE))
    assert isinstance(result, Problem)
    assert result.type.code == "invalid_request"
    assert [error["parameter"] for error in result.errors] == ["cursor"]


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


DIGEST = base64.urlsafe_b64decode(GOOD + "=" * (-len(GOOD) % 4)).decode().split("\n")[0]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "====",
        "ü",
        GOOD + "=",
        GOOD[:-1],
        GOOD + "A",
        _encoded("hello"),
        _encoded(f"{DIGEST}\nBANDS"),
        _encoded(f"{DIGEST}\n000000001000\nPRODUCT"),
        _encoded(f"{DIGEST}\n000000001000\nprd_use1_0000000000000000000000000a\n"),
        _encoded(f"{'0' * 12}\n000000001000\nprd_use1_0000000000000000000000000a"),
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    assert listing.decode_cursor(Filter("USD", "tea"), cursor) is None


def test_a_made_up_cursor_reads_nothing_outside_its_filter() -> None:
    filter_ = Filter("USD", "tea", 1000, 2000)
    below = listing.encode_cursor(filter_, "000000000001#prd_use1_0000000000000000000000000a")
    assert listing.decode_cursor(filter_, below) is None
