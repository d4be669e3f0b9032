"""The race for stock: reserving, selling, giving back, expiring and taking in, all at once.

Here: the use cases of inventory on the emulator's DynamoDB, every order with a SKU that stands in
it twice. Over HTTP, through gateway, machine and steps: test_races.py.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from inventory.domain import reservation
from inventory.domain.allocation import InsufficientStock
from inventory.domain.fulfilment_centres import CENTRES
from inventory.domain.reservation import HOLD, Status
from inventory.repository.stock import StockItem, StockRepository
from inventory.service import end_reservation, receive_stock, reserve_stock
from shop import clock, ids, trace
from shop.checkout import OrderLine
from tests.e2e.platform import Platform
from tests.support.races import own_tables, race, rows

pytestmark = pytest.mark.soak
SKUS = ("RACE-1", "RACE-2", "RACE-3")
UNITS = 10  # of each, in the first two centres together
AT_WORK = 24  # orders that several threads have their hands on at a time
TRACE = trace.from_header(None)


class Warehouse:
    """Shared by all threads: what can be done with stock, and what was put into it."""

    def __init__(self) -> None:
        self.stock = StockRepository()
        self.orders: deque[str] = deque(maxlen=AT_WORK)
        self.came: Counter[str] = Counter()
        self._lock = threading.Lock()
        for sku in SKUS:
            for centre in CENTRES[:2]:
                self._receive(sku, centre, UNITS // 2, f"{sku}-{centre}")

    def act(self, random: Random) -> None:
        """One operation, on a new order or one that others are at as well."""
        if not self.orders or random.random() < 0.3:
            self.orders.append(ids.derive("ord", f"{random.random()}", region="us-east-1"))
        order = random.choice(self.orders)
        does: Callable[[str, Random], None] = random.choices(
            [self.reserve, self.commit, self.release, self.expire, self.receive, self.look],
            weights=[50, 14, 8, 12, 4, 12],
        )[0]
        does(order, random)

    def reserve(self, order_id: str, _: Random) -> None:
        held = reserve_stock.reserve(
            order_id, lines(order_id), country="US", stock=self.stock, now=clock.now(), trace=TRACE
        )
        if not isinstance(held, InsufficientStock) and held.status in (
            Status.HELD,
            Status.COMMITTED,
        ):
            assert by_sku(held.lines) == wanted(order_id), "held is not what was asked for"

    def commit(self, order_id: str, _: Random) -> None:
        end_reservation.commit(order_id, stock=self.stock, now=clock.now(), trace=TRACE)

    def release(self, order_id: str, _: Random) -> None:
        end_reservation.release(order_id, stock=self.stock, now=clock.now(), trace=TRACE)

    def expire(self, order_id: str, _: Random) -> None:
        held = self.stock.find(reservation.id_of(order_id))
        if held is not None and held.status is Status.HELD:
            end_reservation.expire(held, stock=self.stock, now=clock.now() + HOLD, trace=TRACE)

    def receive(self, _: str, random: Random) -> None:
        """Sometimes the same delivery twice, by two threads or one."""
        self._receive(random.choice(SKUS), CENTRES[0], 2, f"{random.randrange(1_000)}")

    def _receive(self, sku: str, centre: str, units: int, cause: str) -> None:
        movement = ids.derive("mov", sku, cause, region="us-east-1")
        done = receive_stock.receive(
            sku, centre, units, movement_id=movement, stock=self.stock, now=clock.now()
        )
        with self._lock:
            self.came[sku] += units if done else 0

    def look(self, _: str, random: Random) -> None:
        """At every moment, not only at the end."""
        sku, centre = random.choice(SKUS), random.choice(CENTRES[:2])
        row = StockItem.get(f"SKU#{sku}", f"LOC#{centre}", consistent_read=True)
        assert min(row.available, row.reserved) >= 0, "more was held than there was"
        assert row.on_hand == row.available + row.reserved


def lines(order_id: str) -> list[OrderLine]:
    """The same for every request of an order: two or three lines, two of one SKU."""
    random = Random(order_id)  # noqa: S311
    first, second = random.sample(SKUS, 2)
    skus = [first, second, first] if random.random() < 0.5 else [first, first]
    return [OrderLine(sku=sku, quantity=random.randint(1, 3)) for sku in skus]


def wanted(order_id: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for line in lines(order_id):
        total[line.sku] += line.quantity
    return total


def by_sku(plan: Any) -> Counter[str]:
    total: Counter[str] = Counter()
    for sku, _location, quantity in ((x.sku, x.location, x.quantity) for x in plan):
        total[sku] += quantity
    return total


@pytest.fixture
def warehouse(platform: Platform) -> Iterator[Warehouse]:
    with own_tables(platform.endpoint_url, "inventory"):
        yield Warehouse()


def test_units_are_neither_sold_twice_nor_lost(warehouse: Warehouse) -> None:
    race(warehouse.act)

    stored = [row for row in rows("inventory") if row["sk"] == "RSV"]
    for row in stored:
        if row["status"] != Status.COMMITTED:
            warehouse.release(str(row["order_id"]), Random())  # noqa: S311
    left = rows("inventory")
    sold: Counter[str] = Counter()
    for row in left:
        if row["sk"] == "RSV" and row["status"] == Status.COMMITTED:
            sold += wanted(str(row["order_id"]))
    assert min(len(stored), sum(sold.values())) > 0, "nothing happened"
    assert at_rest(left) + sold == warehouse.came


def at_rest(stored: list[dict[str, Any]]) -> Counter[str]:
    """The units that are left, once nothing is held any more; every one has its movements."""
    moved: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for row in stored:
        if str(row["pk"]).startswith("MOV#"):
            moved[str(row["pk"]).removeprefix("MOV#")] += int(row["quantity"])
    for row in stored:
        if str(row["sk"]).startswith("LOC#"):
            sku, centre = str(row["pk"])[4:], str(row["sk"])[4:]
            assert row["reserved"] == 0, "a hold outlived its order"
            assert row["available"] >= 0, "more was sold than there was"
            assert row["on_hand"] == row["available"] == moved[f"{sku}#{centre}"]
            left[sku] += int(row["on_hand"])
    return left
