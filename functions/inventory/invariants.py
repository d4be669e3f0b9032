"""What always holds of stock, movements and reservations, and of a reservation and its order."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shop.facts import EventExpected, OrderState, ReservationState
from shop.invariants import (
    Amounts,
    Counted,
    Entries,
    Fact,
    Facts,
    Found,
    Invariants,
    Parts,
    Ref,
    Row,
    RowType,
    Rule,
    States,
    Subject,
    Sum,
    derived,
)

HELD, SOLD = "held", "committed"
# In the middle of a move in several transactions: what is reserved is not what is held.
MOVING = frozenset({"committing", "restocking"})
OVER = frozenset({"released", "expired"})
TOLD = frozenset({SOLD}) | OVER
# Reservations end after 15 minutes and are swept within minutes.
RESERVATIONS_LIVE_FOR = timedelta(minutes=30)
STOCK = "stock"


@dataclass(frozen=True, slots=True)
class StockLevel(Fact):
    """Units of a SKU at a location, by `<sku>@<location>`."""

    on_hand: int
    reserved: int
    available: int


@dataclass(frozen=True, slots=True)
class Moved(Fact):
    """Units that came to or went from `<sku>@<location>`."""

    quantity: int


@dataclass(frozen=True, slots=True)
class Reserved(Fact):
    """Units of `<sku>@<location>` that a reservation holds; whether it is moving them."""

    held: int
    moving: int


def stock_adds_up(facts: Facts) -> Found:
    """I2: stock is the sum of its movements, and what is reserved is what is held."""
    sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for moved in facts.each(Moved):
        sums[moved.key]["quantity"] += moved.quantity
    for reserved in facts.each(Reserved):
        sums[reserved.key].update(held=reserved.held, moving=reserved.moving)
    for place in facts.keys(StockLevel) | sums.keys():
        level = facts.one(StockLevel, place) or StockLevel(place, 0, 0, 0)
        stated = {
            "on_hand": level.on_hand,
            "reserved": level.reserved,
            "available": level.available,
        }
        summed = {name: sums[place][name] for name in ("quantity", "held", "moving")}
        yield from ((place, detail) for detail in wrong_stock(stated, summed))


def wrong_stock(stated: Amounts, summed: Amounts) -> Iterator[str]:
    """on_hand is the sum of movements; 0 <= reserved <= on_hand; reserved is what is held, if that
    is known and nothing moves.
    """
    on_hand, reserved, available = (
        stated.get(name, 0) for name in ("on_hand", "reserved", "available")
    )
    if on_hand != summed["quantity"]:
        yield f"on_hand {on_hand}, movements {summed['quantity']}"
    if not 0 <= reserved <= on_hand or available != on_hand - reserved:
        yield f"on_hand {on_hand}, reserved {reserved}, available {available}"
    if "held" in summed and not summed["moving"] and reserved != summed["held"]:
        yield f"reserved {reserved}, held by reservations {summed['held']}"


def no_reservation_outlives_its_order(facts: Facts) -> Found:
    """I5: an order that is final holds nothing, and nothing is sold to one that was not paid."""
    for reservation in facts.each(ReservationState):
        order = facts.one(OrderState, reservation.key)
        state = order.status if order else "missing"
        if reservation.is_held and (order is None or order.is_final):
            yield reservation.key, f"{state}, but its reservation is {reservation.status}"
        if reservation.is_sold and (order is None or (order.is_final and not order.is_paid)):
            yield reservation.key, f"{state}, but its stock is sold"


def _level(sku: str, row: Row) -> Iterator[Fact]:
    numbers = (int(row.get(name, 0)) for name in ("on_hand", "reserved", "available"))
    yield StockLevel(_place_of_stock(sku, str(row["sk"])), *numbers)


def _movement(rest: str, row: Row) -> Iterator[Fact]:
    yield Moved(_place_of_movements(rest, str(row["sk"])), int(row["quantity"]))


def _reservation(id_: str, row: Row) -> Iterator[Fact]:
    status = row["status"]
    yield ReservationState(
        str(row["order_id"]),
        reservation_id=id_,
        status=status,
        is_held=status == HELD or status in MOVING,
        is_sold=status == SOLD,
    )
    for place, amounts in _reserves(row).items():
        yield Reserved(place, amounts["held"], amounts["moving"])
    # Sequence 0 is a tombstone: it says that there will be none, and nobody needs to know.
    if status in TOLD and int(row.get("sequence", 0)):
        yield EventExpected(id_, f"inventory.{status}")


def _reserves(row: Row) -> Mapping[str, Amounts]:
    """By place: the units that it holds, or that it is moving some."""
    found: dict[str, Counter[str]] = {}
    status = row["status"]
    if status != HELD and status not in MOVING:
        return found
    for line in json.loads(row["lines"]):
        amounts = found.setdefault(f"{line['sku']}@{line['location']}", Counter(held=0, moving=0))
        if status == HELD:
            amounts["held"] += int(line["quantity"])
        else:
            amounts["moving"] = 1
    return found


def _place_of_stock(sku: str, sk: str) -> str:
    return f"{sku}@{sk.removeprefix('LOC#')}"


def _place_of_movements(rest: str, _sk: str) -> str:
    sku, _, location = rest.rpartition("#")
    return f"{sku}@{location}"


def _movements_of(place: str) -> Ref:
    sku, _, location = place.rpartition("@")
    return Ref("inventory", f"MOV#{sku}#{location}")


INVARIANTS = Invariants(
    streams=("inventory",),
    always=("I2",),
    rows=(
        RowType(
            table="inventory",
            pk="SKU",
            sk="LOC#",
            reads=("on_hand", "reserved", "available"),
            facts=_level,
            violates="I2",
            sums=States(STOCK, _place_of_stock, ("on_hand", "reserved", "available")),
        ),
        RowType(
            table="inventory",
            pk="MOV",
            reads=("quantity",),
            facts=_movement,
            violates="I2",
            sums=Entries(STOCK, _place_of_movements, "quantity"),
        ),
        RowType(
            table="inventory",
            pk="RSV",
            sk="RSV",
            about="reservation",
            reads=("order_id", "status", "lines", "sequence"),
            facts=_reservation,
            statuses=frozenset({HELD, SOLD}) | MOVING | OVER,
            violates="I5",
            counts="sequence",
            sums=Parts(STOCK, _reserves),
        ),
    ),
    subjects=(
        Subject(
            name="reservation",
            table="inventory",
            pk="RSV",
            sk="RSV",
            part_of={"order": "order_id"},
            follows={"order": lambda order_id: derived("rsv", order_id)},
        ),
    ),
    sums=(
        Sum(
            name=STOCK,
            invariant="I2",
            wrong=wrong_stock,
            base=Counted(
                partition=_movements_of,
                column="quantity",
                parts=("held", "moving"),
                known_after=RESERVATIONS_LIVE_FOR,
            ),
        ),
    ),
    rules=(
        Rule("I2", stock_adds_up, whole=True),
        Rule("I5", no_reservation_outlives_its_order),
    ),
)
