"""Events of the inventory. Subject: the reservation; its sequence orders them."""

from dataclasses import asdict
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from inventory.domain.reservation import Status, Transition
from shop import clock
from shop.events import Event, EventData, event
from shop.trace import Trace


class LineData(BaseModel):
    """Units of a SKU at a location."""

    model_config = ConfigDict(frozen=True)

    sku: str
    location: str
    quantity: int


class ReservationData(EventData):
    """What all events of a reservation say."""

    reservation_id: str
    order_id: str
    lines: list[LineData]


class Reserved(ReservationData):
    """Units are held for an order, for 15 minutes."""

    TYPE: ClassVar[str] = "inventory.reserved"


class Committed(ReservationData):
    """The units were sold and left the stock."""

    TYPE: ClassVar[str] = "inventory.committed"


class Released(ReservationData):
    """The units can be sold again: the order ended before they left, or they came back."""

    TYPE: ClassVar[str] = "inventory.released"


class Expired(ReservationData):
    """The units can be sold again: they were held for too long."""

    TYPE: ClassVar[str] = "inventory.expired"


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
    return event(
        data,
        producer="inventory",
        subject=new.reservation_id,
        sequence=new.sequence,
        now=clock.parse(new.updated_at),
        trace=trace,
    )
