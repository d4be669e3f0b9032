"""Bring stock in from a file: for tools, on no route.

Stock is set where there is none yet. Where there is some, orders reserve it all the time: there it
is changed by so many units, once by the id of the change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from inventory.domain import reservation
from inventory.domain.reservation import Change
from inventory.service.ports import Stock
from shop import ids


@dataclass(frozen=True, slots=True)
class OpeningStock:
    """Units of a SKU at a place that has none yet."""

    sku: str
    location: str
    on_hand: int


@dataclass(frozen=True, slots=True)
class StockChange:
    """So many units more or less. `id` is the operator's: the same one is booked once."""

    sku: str
    location: str
    change: int
    id: str
    reason: str = "correction"

    def movement_id(self, region: str) -> str:
        """Derived, so a repeat finds it."""
        return ids.derive("mov", "import", self.id, self.sku, self.location, region=region)


StockLine = OpeningStock | StockChange


@dataclass(frozen=True, slots=True)
class StockPlan:
    """What there is to book of some lines, and why it cannot be, by their numbers."""

    todo: Mapping[int, StockLine]
    objections: Mapping[int, str]


def plan(lines: Mapping[int, StockLine], *, stock: Stock, region: str) -> StockPlan:
    """Compare with what is stored, one line after the other. One batch read, one per change."""
    skus = sorted({line.sku for line in lines.values()})
    levels = stock.levels(skus, consistent=True) if skus else {}
    available = {(sku, place): units for sku in levels for place, units in levels[sku].items()}
    todo: dict[int, StockLine] = {}
    objections: dict[int, str] = {}
    for number, line in lines.items():
        place = (line.sku, line.location)
        if isinstance(line, OpeningStock):
            # No units are not booked: nothing moves, and a place that is not known has none.
            if place not in available and line.on_hand > 0:
                todo[number], available[place] = line, line.on_hand
            continue
        booked = stock.booked(*place, line.movement_id(region))
        left = available.get(place, 0) + line.change
        if booked is None and left < 0:
            objections[number] = f"only {available.get(place, 0)} units are not reserved"
        elif booked is None:
            todo[number], available[place] = line, left
        elif booked != line.change:
            objections[number] = f"the change {line.id!r} was booked with {booked:+d} units"
    return StockPlan(todo, objections)


def take(line: StockLine, *, stock: Stock, region: str, now: datetime) -> bool:
    """Book a line; False if there was nothing to do. Raises Inconsistent for too few units."""
    change = _change(line, region, now)
    if isinstance(line, OpeningStock):
        return stock.open_shelf(change)
    return stock.move([change])


def _change(line: StockLine, region: str, now: datetime) -> Change:
    if isinstance(line, OpeningStock):
        id_ = ids.derive("mov", "import", line.sku, line.location, region=region)
        return reservation.receipt(
            line.sku, line.location, line.on_hand, movement_id=id_, now=now, reason="receipt"
        )
    return reservation.correction(
        line.sku,
        line.location,
        line.change,
        movement_id=line.movement_id(region),
        now=now,
        reason=line.reason,
    )
