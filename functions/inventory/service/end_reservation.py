"""How a hold ends: sold, given back, or expired. All can be repeated and race each other."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from inventory.domain import reservation
from inventory.domain.reservation import ConditionFailed, Reservation, Status, Transition
from inventory.events import event_of
from inventory.service.ports import Stock
from shop.trace import Trace

# Stock row and movement per pair, then the reservation and its event: 100 items at most.
PAIRS_WITH_MOVEMENT = 49
ATTEMPTS = 8

_ON_THE_WAY = {Status.COMMITTED: Status.COMMITTING, Status.RELEASED: Status.RESTOCKING}


class ReservationContended(Exception):
    """The reservation changed faster than it could be read; the caller tries again later."""


class StockDisagrees(Exception):
    """A stock row has less reserved than a reservation holds: someone has to look."""


def commit(order_id: str, *, stock: Stock, now: datetime, trace: Trace) -> Status:
    """Take the units out of the stock: COMMITTED; or EXPIRED or RELEASED, if it came too late."""
    stored = stock.find(reservation.id_of(order_id))
    for _ in range(ATTEMPTS):
        if stored is None:
            return Status.RELEASED
        if stored.status not in (Status.HELD, Status.COMMITTING):
            return Status.RELEASED if stored.status is Status.RESTOCKING else stored.status
        refused = _carry_out(reservation.commit(stored, now=now), stock, trace)
        if refused is None:
            return Status.COMMITTED
        stored = refused.stored or stock.find(stored.reservation_id)
    raise ReservationContended(order_id)


def release(order_id: str, *, stock: Stock, now: datetime, trace: Trace) -> None:
    """See to it that nothing is held for this order, now and later. Sold units come back."""
    stored = stock.find(reservation.id_of(order_id))
    for _ in range(ATTEMPTS):
        if stored is None:
            transition = reservation.tombstone(order_id, now=now)
        elif stored.status is Status.RELEASED:
            return
        else:
            transition = _RELEASE_BY_STATUS[stored.status](stored, now=now)
        refused = _carry_out(transition, stock, trace)
        if refused is None:
            stored = transition.new
        else:
            stored = refused.stored or stock.find(transition.new.reservation_id)
    raise ReservationContended(order_id)


# A commit under way is finished first: its movements may be half written.
_RELEASE_BY_STATUS: dict[Status, Callable[..., Transition]] = {
    Status.HELD: reservation.release,
    Status.EXPIRED: reservation.release_expired,
    Status.COMMITTING: reservation.commit,
    Status.COMMITTED: reservation.restock,
    Status.RESTOCKING: reservation.restock,
}


def expire(held: Reservation, *, stock: Stock, now: datetime, trace: Trace) -> bool:
    """Give the units of an overdue hold back; False if it ended otherwise meanwhile.

    Raises StockDisagrees if its stock rows do not hold what it holds: it is put off then, so that
    it is not the first that each sweep finds.
    """
    transition = reservation.expire(held, now=now)
    refused = stock.apply(transition, event_of(transition, trace))
    if refused is not None and refused.stored is None:
        stock.postpone(held, next_attempt_at=reservation.next_expiry(held, now=now))
        raise StockDisagrees(held.reservation_id)
    return refused is None


def _carry_out(transition: Transition, stock: Stock, trace: Trace) -> ConditionFailed | None:
    """Apply a transition; piece by piece if its movements do not fit one transaction.

    Each piece is whole in itself, and its movements tell that it has been. Between the pieces the
    reservation stands in a state that only leads forward, and that whoever comes next finishes.
    """
    event = event_of(transition, trace)
    moves = transition.changes and transition.changes[0].movement is not None
    if not moves or len(transition.changes) <= PAIRS_WITH_MOVEMENT:
        return stock.apply(transition, event)
    old = transition.old
    if old is None:
        raise AssertionError("units move only for a reservation that is stored")
    intermediate = replace(old, status=_ON_THE_WAY[transition.new.status])
    if old.status is not intermediate.status:
        refused = stock.apply(Transition(old, intermediate, ()), None)
        if refused is not None:
            return refused
    for start in range(0, len(transition.changes), PAIRS_WITH_MOVEMENT):
        stock.move(transition.changes[start : start + PAIRS_WITH_MOVEMENT])
    return stock.apply(Transition(intermediate, transition.new, ()), event)
