"""A catalogue in moto: 90 products in two categories, rows as the import writes them."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from catalog.api import list_products
from catalog.domain import listing, product
from catalog.repository.listings import ListingRepository
from tests.support import dynamodb
from tests.support.interceptor import Interceptor, tapped
from tests.unit.catalog.builders import make_product

PRODUCTS = [
    make_product(n, usd=1000 + 10 * n, category="tea" if n % 3 else "coffee", variants=2)
    for n in range(90)
]
ARCHIVED = make_product("gone", status="archived")
DOLLARS_ONLY = make_product("usd", category="import", prices={"USD": 99_000})


@pytest.fixture
def interceptor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Interceptor]:
    """An account with the catalogue; sees every request."""
    everything = [*PRODUCTS, ARCHIVED, DOLLARS_ONLY]
    rows = [row for item in everything for row in product.rows(item)] + listing.rows(everything)
    with tapped() as tap, mock_aws():
        dynamodb.create("catalog")
        table = boto3.resource("dynamodb", region_name="us-east-1").Table("catalog")
        with table.batch_writer() as batch:
            for row in rows:
                batch.put_item(row)
        monkeypatch.setattr(list_products, "listings", ListingRepository())
        tap.reset()
        yield tap
