"""Stock in memory, with the conditions of the table and a way to get in between."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from inventory.domain.allocation import Levels
from inventory.domain.reservation import (
    Change,
    ConditionFailed,
    Movement,
    Reservation,
    Status,
    Transition,
)
from inventory.service.ports import Inconsistent
from shop import clock, ids
from shop.checkout import OrderLine, Shortage
from shop.events import Event
from shop.trace import Trace, from_header

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE: Trace = from_header(None)


def lines(wanted: Iterable[tuple[str, int]]) -> list[OrderLine]:
    return [OrderLine(sku=sku, quantity=quantity) for sku, quantity in wanted]


def short(sku: str, requested: int, available: int) -> Shortage:
    return Shortage(sku=sku, requested=requested, available=available)


def order_id(name: object = 1) -> str:
    return ids.derive("ord", str(name), region="use1")


class FakeStock:
    """Implements service.ports.Stock. `before_apply` runs once per call, in turn."""

    def __init__(self, available: dict[tuple[str, str], int] | None = None) -> None:
        self.rows: dict[tuple[str, str], dict[str, int]] = {}
        self.reservations: dict[str, Reservation] = {}
        self.movements: dict[str, tuple[str, str, Movement]] = {}
        self.events: list[Event] = []
        self.before_apply: list[Callable[[], object]] = []
        self.calls: dict[str, int] = defaultdict(int)
        self.largest = 0
        self.next_attempt_at: dict[str, str] = {}
        for (sku, location), units in (available or {}).items():
            movement = Movement(f"first {sku} {location}", units, "receipt", None, "")
            self.move([Change(sku, location, units, 0, units, movement)])
        self.calls.clear()

    def find(self, reservation_id: str) -> Reservation | None:
        self.calls["find"] += 1
        return self.reservations.get(reservation_id)

    def levels(self, skus: Sequence[str], *, consistent: bool) -> Levels:
        self.calls["levels"] += 1
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for (sku, location), row in self.rows.items():
            if sku in skus:
                found[sku][location] = row["available"]
        return dict(found)

    def apply(self, transition: Transition, event: Event | None) -> ConditionFailed | None:
        self.calls["apply"] += 1
        if self.before_apply:
            self.before_apply.pop(0)()
        moved = [change for change in transition.changes if change.movement]
        self._count(1 + (event is not None) + len(transition.changes) + len(moved))
        stored = self.reservations.get(transition.new.reservation_id)
        if stored != transition.old:
            return ConditionFailed(stored)
        if not all(self._enough(change) for change in transition.changes):
            return ConditionFailed(None)
        self._change(transition.changes)
        self.reservations[transition.new.reservation_id] = transition.new
        self.next_attempt_at[transition.new.reservation_id] = transition.new.held_until
        if event is not None:
            assert event.id not in {known.id for known in self.events}
            self.events.append(event)
        return None

    def move(self, changes: Sequence[Change]) -> bool:
        self.calls["move"] += 1
        self._count(2 * len(changes))
        if any(c.movement and c.movement.movement_id in self.movements for c in changes):
            return False
        if not all(self._enough(change) for change in changes):
            raise Inconsistent
        self._change(changes)
        return True

    def open_shelf(self, change: Change) -> bool:
        if (change.sku, change.location) in self.rows:
            return False
        return self.move([change])

    def booked(self, sku: str, location: str, movement_id: str) -> int | None:
        where = self.movements.get(movement_id)
        return where[2].quantity if where and where[:2] == (sku, location) else None

    def overdue(self, now: datetime) -> Iterable[Reservation]:
        until = clock.rfc3339(now)
        held = [id_ for id_, r in self.reservations.items() if r.status is Status.HELD]
        due = sorted(
            (self.next_attempt_at[id_], id_) for id_ in held if self.next_attempt_at[id_] <= until
        )
        return [self.reservations[id_] for _, id_ in due]

    def postpone(self, held: Reservation, *, next_attempt_at: str) -> None:
        if self.reservations.get(held.reservation_id) == held:
            self.next_attempt_at[held.reservation_id] = next_attempt_at

    def available(self, sku: str) -> int:
        return sum(row["available"] for (s, _), row in self.rows.items() if s == sku)

    def event_types(self) -> list[str]:
        return [event.body["type"] for event in self.events]

    def check(self) -> None:
        """I2: on_hand is available and reserved, and the sum of the movements."""
        total: dict[tuple[str, str], int] = defaultdict(int)
        for sku, location, movement in self.movements.values():
            total[sku, location] += movement.quantity
        held: dict[tuple[str, str], int] = defaultdict(int)
        for reservation in self.reservations.values():
            if reservation.status is Status.HELD:
                for line in reservation.lines:
                    held[line.sku, line.location] += line.quantity
        for key, row in self.rows.items():
            assert row["available"] >= 0
            assert row["reserved"] == held[key]
            assert row["on_hand"] == row["available"] + row["reserved"] == total[key]

    def _enough(self, change: Change) -> bool:
        row = self.rows.get((change.sku, change.location), {})
        deltas = {
            "available": change.available,
            "reserved": change.reserved,
            "on_hand": change.on_hand,
        }
        return all(row.get(name, 0) + delta >= 0 for name, delta in deltas.items() if delta < 0)

    def _change(self, changes: Sequence[Change]) -> None:
        keys = [(change.sku, change.location) for change in changes]
        assert len(set(keys)) == len(keys), "a transaction takes a row once"
        for change in changes:
            row = self.rows.setdefault(
                (change.sku, change.location), {"available": 0, "reserved": 0, "on_hand": 0}
            )
            row["available"] += change.available
            row["reserved"] += change.reserved
            row["on_hand"] += change.on_hand
            if change.movement is not None:
                movement = change.movement
                self.movements[movement.movement_id] = (change.sku, change.location, movement)

    def _count(self, items: int) -> None:
        assert items <= 100, "a transaction takes 100 items"
        self.largest = max(self.largest, items)
