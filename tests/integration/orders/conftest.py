"""Orders in an empty account, and some that were stored."""

import pytest

from orders.repository.orders import OrderRepository
from shop import user_keys
from tests.support import dynamodb
from tests.unit.orders.fakes import CUSTOMER, USER_KEY, Keep, kept_in

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
    dynamodb.create("orders", "user_keys")
    user_keys.forget()
    user_keys.remember(CUSTOMER, USER_KEY)
    return OrderRepository()


@pytest.fixture
def keep(orders: OrderRepository) -> Keep:
    return kept_in(orders, ADDRESS)
