"""Reservations: their states, and what each change of state does to the stock.

    (none) -> held -> committed -> released       committing and restocking are passed through
                held -> expired -> held           only by orders whose movements do not fit
                held, expired, (none) -> released one transaction

on_hand = available + reserved, always. Units on hand change only together with a movement.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from inventory.domain.allocation import Line, Plan
from shop import clock, ids

HOLD = timedelta(minutes=15)
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(minutes=2), timedelta(hours=1)


class Status(StrEnum):
    """Where a reservation stands."""

    HELD = "held"
    COMMITTING = "committing"
    COMMITTED = "committed"
    RESTOCKING = "restocking"
    RELEASED = "released"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is held for an order. `sequence` counts its events; 0 is a tombstone's."""

    reservation_id: str
    order_id: str
    status: Status
    lines: Plan
    held_until: str
    sequence: int
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True)
class Movement:
    """Why units came or went. Never changed; on_hand is the sum of its movements."""

    movement_id: str
    quantity: int
    reason: str
    order_id: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one stock row, and the movement that explains a change of on_hand."""

    sku: str
    location: str
    available: int = 0
    reserved: int = 0
    on_hand: int = 0
    movement: Movement | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """From what must be stored now (None: nothing) to what is stored then."""

    old: Reservation | None
    new: Reservation
    changes: tuple[Change, ...]

    @property
    def is_news(self) -> bool:
        """Whether there is an event to it."""
        return self.new.sequence > (self.old.sequence if self.old else 0)


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """A transition was not made, because of the reservation that is stored or because of stock.

    `stored` is that reservation; None means that a stock row has too little.
    """

    stored: Reservation | None


def id_of(order_id: str) -> str:
    """An order has one reservation."""
    return ids.derive("rsv", order_id, region=ids.region_of(order_id))


def hold(order_id: str, plan: Plan, *, previous: Reservation | None, now: datetime) -> Transition:
    """Hold this plan for HOLD; `previous` is the expired hold that it replaces."""
    at = clock.rfc3339(now)
    new = Reservation(
        reservation_id=id_of(order_id),
        order_id=order_id,
        status=Status.HELD,
        lines=plan,
        held_until=clock.rfc3339(now + HOLD),
        sequence=previous.sequence + 1 if previous else 1,
        created_at=previous.created_at if previous else at,
        updated_at=at,
    )
    changes = [_change(line, available=-1, reserved=1) for line in plan]
    return Transition(previous, new, tuple(changes))


def expire(held: Reservation, *, now: datetime) -> Transition:
    """Give the units back because the time is over."""
    return _give_back(held, Status.EXPIRED, now)


def next_expiry(held: Reservation, *, now: datetime) -> str:
    """When to try again to expire a hold whose stock rows refuse it: less and less often."""
    overdue = now - clock.parse(held.held_until)
    return clock.rfc3339(now + min(max(overdue, SHORTEST_PAUSE), LONGEST_PAUSE))


def release(held: Reservation, *, now: datetime) -> Transition:
    """Give the units back because the order ended."""
    return _give_back(held, Status.RELEASED, now)


def _give_back(held: Reservation, status: Status, now: datetime) -> Transition:
    changes = [_change(line, available=1, reserved=-1) for line in held.lines]
    return Transition(held, _next(held, status, now), tuple(changes))


def commit(held: Reservation, *, now: datetime) -> Transition:
    """The units are sold: they leave the stock."""
    new = _next(held, Status.COMMITTED, now)
    changes = [
        _change(line, reserved=-1, on_hand=-1, movement=_movement(new, line, -1, "sale"))
        for line in held.lines
    ]
    return Transition(held, new, tuple(changes))


def restock(committed: Reservation, *, now: datetime) -> Transition:
    """The sale is off: the units come back."""
    new = _next(committed, Status.RELEASED, now)
    changes = [
        _change(line, available=1, on_hand=1, movement=_movement(new, line, 1, "sale_cancelled"))
        for line in committed.lines
    ]
    return Transition(committed, new, tuple(changes))


def release_expired(expired: Reservation, *, now: datetime) -> Transition:
    """Nothing is held; from now on nothing can be. The event names no units: none come back."""
    new = replace(_next(expired, Status.RELEASED, now), lines=())
    return Transition(expired, new, ())


def tombstone(order_id: str, *, now: datetime) -> Transition:
    """Released before it was held: a reserve that comes late finds this and holds nothing."""
    at = clock.rfc3339(now)
    new = Reservation(id_of(order_id), order_id, Status.RELEASED, (), at, 0, at, at)
    return Transition(None, new, ())


def receipt(
    sku: str, location: str, quantity: int, *, movement_id: str, now: datetime, reason: str
) -> Change:
    """Units that arrive."""
    if quantity <= 0:
        raise ValueError("units that arrive are at least one")
    movement = Movement(movement_id, quantity, reason, None, clock.rfc3339(now))
    return Change(sku, location, available=quantity, on_hand=quantity, movement=movement)


def correction(
    sku: str, location: str, quantity: int, *, movement_id: str, now: datetime, reason: str
) -> Change:
    """Units that were found, or are gone; never those that are reserved."""
    if quantity == 0:
        raise ValueError("a correction changes something")
    movement = Movement(movement_id, quantity, reason, None, clock.rfc3339(now))
    return Change(sku, location, available=quantity, on_hand=quantity, movement=movement)


def _next(old: Reservation, status: Status, now: datetime) -> Reservation:
    at = clock.rfc3339(now)
    return replace(old, status=status, sequence=old.sequence + 1, updated_at=at)


def _change(
    line: Line,
    *,
    available: int = 0,
    reserved: int = 0,
    on_hand: int = 0,
    movement: Movement | None = None,
) -> Change:
    units = line.quantity
    return Change(
        line.sku, line.location, available * units, reserved * units, on_hand * units, movement
    )


def _movement(new: Reservation, line: Line, sign: int, reason: str) -> Movement:
    """Its id is derived, so a repeated commit finds that it has been."""
    cause = (new.reservation_id, str(new.sequence), line.sku, line.location)
    id_ = ids.derive("mov", *cause, region=ids.region_of(new.reservation_id))
    return Movement(id_, sign * line.quantity, reason, new.order_id, new.updated_at)
