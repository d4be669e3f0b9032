"""Orders in an empty account, and some that were stored."""

import pytest

from orders.repository.orders import OrderRepository
from tests.support import dynamodb
from tests.unit.orders.fakes import Keep, kept_in

ADDRESS = {
    "name": "Ada Example",
    "line1": "1 Test Street",
    "line2": None,
    "city": "Newark",
    "region": "NJ",
    "postal_code": "07102",
    "country": "US",
    "phone": None,
}


@pytest.fixture
def orders(moto_aws: None) -> OrderRepository:
    dynamodb.create("orders")
    return OrderRepository()


@pytest.fixture
def keep(orders: OrderRepository) -> Keep:
    return kept_in(orders, ADDRESS)
