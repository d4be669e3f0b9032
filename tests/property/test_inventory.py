"""Whatever happens in whatever order, no unit is lost, made or sold twice."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inventory.domain import fulfilment_centres
from inventory.domain.allocation import MAX_STOCK_ROWS, InsufficientStock, allocate
from inventory.domain.reservation import Reservation, Status, id_of
from inventory.service import end_reservation, receive_stock, reserve_stock
from tests.unit.inventory.fakes import NOW, TRACE, FakeStock, lines, order_id

SKUS = ("A", "B", "C")
orders = st.integers(0, 5)
quantities = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 6), min_size=1)


class Warehouse(RuleBasedStateMachine):
    """Orders come, are sold, given up and time out; goods arrive; old news comes late."""

    @initialize(
        levels=st.dictionaries(
            st.tuples(st.sampled_from(SKUS), st.sampled_from(fulfilment_centres.CENTRES)),
            st.integers(0, 9),
        )
    )
    def stock_up(self, levels: dict[tuple[str, str], int]) -> None:
        self.stock = FakeStock({key: units for key, units in levels.items() if units})
        self.received = 0
        self.seen: list[Reservation] = []

    @rule(order=orders, wanted=quantities, country=st.sampled_from(["US", "DE"]))
    def reserve(self, order: int, wanted: dict[str, int], country: str) -> None:
        before = self.stock.reservations.get(id_of(order_id(order)))
        total = {sku: self.stock.available(sku) for sku in SKUS}
        result = reserve_stock.reserve(
            order_id(order),
            lines(wanted.items()),
            country=country,
            stock=self.stock,
            now=NOW,
            trace=TRACE,
            sleep=lambda _: None,
        )
        if before is not None and before.status is not Status.EXPIRED:
            assert result == before
        elif isinstance(result, InsufficientStock):
            assert any(total[sku] < n for sku, n in wanted.items())
        else:
            held = dict.fromkeys(wanted, 0)
            for line in result.lines:
                held[line.sku] += line.quantity
            assert held == wanted
            self.seen.append(result)

    @rule(order=orders)
    def commit(self, order: int) -> None:
        before = self.stock.reservations.get(id_of(order_id(order)))
        status = end_reservation.commit(order_id(order), stock=self.stock, now=NOW, trace=TRACE)
        can = before is not None and before.status in (Status.HELD, Status.COMMITTED)
        assert (status is Status.COMMITTED) == can

    @rule(order=orders)
    def release(self, order: int) -> None:
        end_reservation.release(order_id(order), stock=self.stock, now=NOW, trace=TRACE)
        assert self.stock.reservations[id_of(order_id(order))].status is Status.RELEASED

    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        if self.seen:  # Any state that was ever seen: the index may be behind.
            old = data.draw(st.sampled_from(self.seen))
            end_reservation.expire(old, stock=self.stock, now=NOW, trace=TRACE)

    @rule(sku=st.sampled_from(SKUS), units=st.integers(1, 5), again=st.booleans())
    def receive(self, sku: str, units: int, again: bool) -> None:
        self.received += 1
        for _ in range(1 + again):
            receive_stock.receive(
                sku,
                fulfilment_centres.CENTRES[units % 3],
                units,
                movement_id=f"mov_{self.received}",
                stock=self.stock,
                now=NOW,
            )

    @invariant()
    def stock_is_conserved(self) -> None:
        if hasattr(self, "stock"):
            self.stock.check()

    @invariant()
    def events_of_a_reservation_are_numbered_without_a_gap(self) -> None:
        if hasattr(self, "stock"):
            sequences: dict[str, list[int]] = {}
            for event in self.stock.events:
                sequences.setdefault(event.body["subject"], []).append(event.body["sequence"])
            for found in sequences.values():
                assert found == list(range(1, len(found) + 1))


TestWarehouse: Any = Warehouse.TestCase
TestWarehouse.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


@settings(max_examples=200, deadline=None)
@given(
    wanted=quantities,
    levels=st.fixed_dictionaries(
        {
            sku: st.dictionaries(st.sampled_from(fulfilment_centres.CENTRES), st.integers(0, 5))
            for sku in SKUS
        }
    ),
)
def test_a_plan_takes_exactly_what_is_wanted_and_nothing_that_is_not_there(
    wanted: dict[str, int], levels: dict[str, dict[str, int]]
) -> None:
    plan = allocate(wanted, levels, fulfilment_centres.CENTRES)
    enough = all(sum(levels[sku].values()) >= n for sku, n in wanted.items())
    assert isinstance(plan, tuple) == enough
    if isinstance(plan, tuple):
        assert len(plan) <= MAX_STOCK_ROWS
        assert len({(line.sku, line.location) for line in plan}) == len(plan)
        for sku, quantity in wanted.items():
            assert sum(line.quantity for line in plan if line.sku == sku) == quantity
        assert all(0 < line.quantity <= levels[line.sku][line.location] for line in plan)
