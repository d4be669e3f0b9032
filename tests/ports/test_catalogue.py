"""`catalog.service.ports.Listings` and `Products`, in memory and on DynamoDB."""

from itertools import pairwise

import boto3
import pytest

from catalog.domain import listing, product
from catalog.domain.listing import EVERYTHING
from catalog.repository.listings import ListingRepository
from catalog.repository.products import ProductRepository
from catalog.service.ports import Listings, Products
from tests.support import dynamodb
from tests.unit.catalog.builders import make_product
from tests.unit.catalog.test_listing import FakeListings
from tests.unit.catalog.test_product import FakeProducts

PORTS = (Listings, Products)
FEW = 5  # rows of a band
CATALOGUE = [make_product(n, usd=1000 + n, category="tea" if n % 2 else "coffee") for n in range(9)]


@pytest.fixture
def stored(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether it is on DynamoDB, and then the rows as the import writes them."""
    monkeypatch.setattr(listing, "BAND_ROWS", FEW)
    if request.node.callspec.params["made"] == "fake":
        return False
    request.getfixturevalue("moto_aws")
    dynamodb.create("catalog")
    rows = [row for each in CATALOGUE for row in product.rows(each)] + listing.rows(CATALOGUE)
    with boto3.resource("dynamodb", region_name="us-east-1").Table("catalog").batch_writer() as to:
        for row in rows:
            to.put_item(row)
    return True


@pytest.fixture(params=["fake", "dynamodb"])
def made(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def listings(made: str, stored: bool) -> Listings:
    return ListingRepository() if stored else FakeListings(CATALOGUE)


@pytest.fixture
def products(made: str, stored: bool) -> Products:
    return ProductRepository() if stored else FakeProducts(CATALOGUE[0])


def test_a_list_is_its_bands_one_after_the_other(listings: Listings) -> None:
    bounds = listings.bounds("USD", EVERYTHING)
    assert len(bounds) > 1
    assert list(bounds) == sorted(bounds)
    rows = [
        row
        for bound in bounds
        for row in listings.band("USD", EVERYTHING, bound, first="0", last="~", limit=100)
    ]
    assert len(rows) == len(CATALOGUE)
    assert all(one[0] < other[0] for one, other in pairwise(rows))


def test_a_band_is_read_from_key_to_key_and_no_further_than_its_limit(listings: Listings) -> None:
    bound = listings.bounds("USD", EVERYTHING)[0]

    def read(first: str, last: str, limit: int) -> list[str]:
        rows = listings.band("USD", EVERYTHING, bound, first=first, last=last, limit=limit)
        return [key for key, _ in rows]

    keys = read("0", "~", 100)
    assert read("0", "~", 2) == keys[:2]
    assert read(keys[1], keys[3], 100) == keys[1:4]
    assert read(keys[1] + "\x00", keys[2] + "\x00", 100) == keys[2:3]


def test_a_list_that_does_not_exist_has_no_bands(listings: Listings) -> None:
    assert list(listings.bounds("USD", "no such category")) == []
    assert list(listings.bounds("CHF", EVERYTHING)) == []


def test_a_product_is_found_by_its_id_alone(products: Products) -> None:
    assert products.get(CATALOGUE[0].product_id) == CATALOGUE[0]
    assert products.get("prd_use1_0000000000000000000000000a") is None
