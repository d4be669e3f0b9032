"""Orders in an empty account, and some that were stored."""

from collections.abc import Callable

import pytest

from orders.domain import order as domain
from orders.domain.order import Order
from orders.repository.orders import OrderRepository
from orders.service.ports import OrderChange, StoredOrder
from tests.support import dynamodb
from tests.unit.orders.fakes import HOLD, LINES, TOTALS, original

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
Keep = Callable[..., Order]


@pytest.fixture
def orders(moto_aws: None) -> OrderRepository:
    dynamodb.create("orders")
    return OrderRepository()


@pytest.fixture
def keep(orders: OrderRepository) -> Keep:
    """Store a pending order, and place it unless told not to."""

    def store(order: Order, *, place: bool = True) -> Order:
        assert orders.open(StoredOrder(order, None, original(lease_until="t0")), ADDRESS)
        if not place:
            return order
        placed = domain.placed(
            order, lines=LINES, totals=TOTALS, reservation=HOLD, now=order.created_at
        )
        assert orders.save(OrderChange(placed)) is None
        return placed

    return store
