"""The table, stock in it, and the count of requests."""

from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from inventory.domain import reservation
from inventory.repository import StockRepository
from shop import clock, ids
from tests.support import dynamodb
from tests.support.wire import Wire, tapped

Stocked = Callable[..., StockRepository]


@pytest.fixture
def wire() -> Iterator[Wire]:
    """An account with the table `inventory`; sees every request."""
    with tapped() as tap, mock_aws():
        dynamodb.create("inventory")
        yield tap


@pytest.fixture
def stocked(wire: Wire) -> Stocked:
    """`stocked(A={"use1-ewr": 5})` takes units in."""

    def fill(**levels: dict[str, int]) -> StockRepository:
        stock = StockRepository()
        changes = [
            reservation.receipt(
                sku,
                location,
                units,
                movement_id=ids.derive("mov", sku, location, region="use1"),
                now=clock.now(),
                reason="receipt",
            )
            for sku, places in levels.items()
            for location, units in places.items()
        ]
        for start in range(0, len(changes), 50):
            assert stock.move(changes[start : start + 50])
        wire.reset()
        return stock

    return fill
