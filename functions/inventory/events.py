"""Events of the inventory. Subject: the reservation; its sequence orders them."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from shop.events import EventData


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
