"""The table, stock in it, and the count of requests."""

from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from inventory.repository.stock import MovementItem, StockItem, StockRepository
from shop import clock, ids
from tests.support import dynamodb
from tests.support.interceptor import Interceptor, tapped

Stocked = Callable[..., StockRepository]


@pytest.fixture
def interceptor() -> Iterator[Interceptor]:
    """An account with the table `inventory`; sees every request."""
    with tapped() as tap, mock_aws():
        dynamodb.create("inventory")
        yield tap


@pytest.fixture
def stocked(interceptor: Interceptor) -> Stocked:
    """`stocked(A={"use1-ewr": 5})` takes units in."""

    def fill(**levels: dict[str, int]) -> StockRepository:
        places = [(s, place, n) for s, found in levels.items() for place, n in found.items()]
        with MovementItem.batch_write() as movements, StockItem.batch_write() as rows:
            for sku, place, units in places:
                rows.save(
                    StockItem(
                        f"SKU#{sku}", f"LOC#{place}", available=units, reserved=0, on_hand=units
                    )
                )
                movements.save(
                    MovementItem(
                        f"MOV#{sku}#{place}",
                        ids.derive("mov", sku, place, region="use1"),
                        quantity=units,
                        reason="receipt",
                        at=clock.rfc3339(clock.now()),
                    )
                )
        interceptor.reset()
        return StockRepository()

    return fill
