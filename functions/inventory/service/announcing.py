"""The event of a transition."""

from dataclasses import asdict

from inventory.domain.reservation import Status, Transition
from inventory.events import Committed, Expired, LineData, Released, ReservationData, Reserved
from shop import clock, events
from shop.events import Event
from shop.trace import Trace

_EVENTS: dict[Status, type[ReservationData]] = {
    Status.HELD: Reserved,
    Status.COMMITTED: Committed,
    Status.RELEASED: Released,
    Status.EXPIRED: Expired,
}


def event_of(transition: Transition, trace: Trace) -> Event | None:
    """What to tell the others; None if nothing changed for them."""
    if not transition.is_news:
        return None
    new = transition.new
    data = _EVENTS[new.status](
        reservation_id=new.reservation_id,
        order_id=new.order_id,
        lines=[LineData(**asdict(line)) for line in new.lines],
    )
    return events.event(
        data,
        producer="inventory",
        subject=new.reservation_id,
        sequence=new.sequence,
        now=clock.parse(new.updated_at),
        trace=trace,
    )
