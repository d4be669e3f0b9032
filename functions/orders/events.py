"""Events of orders. Ids and money only; the address stays in the order's row."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from shop.events import EventData, EventView, MoneyData


class LineData(BaseModel):
    """A line inside an event; `unit_price` in minor units of the total's currency."""

    model_config = ConfigDict(frozen=True)

    sku: str
    quantity: int
    unit_price: int


class OrderPlaced(EventData):
    """Prices are fixed and stock is held; the order can be paid."""

    TYPE: ClassVar[str] = "order.placed"

    order_id: str
    customer_id: str
    total: MoneyData
    lines: list[LineData]
    reservation_id: str


class OrderPaid(EventData):
    """The payment was captured."""

    TYPE: ClassVar[str] = "order.paid"

    order_id: str
    customer_id: str
    payment_id: str
    total: MoneyData


class OrderCancelled(EventData):
    """Placed, then undone; nothing was taken, no stock is held."""

    TYPE: ClassVar[str] = "order.cancelled"

    order_id: str
    reason: str


class OrderRejected(EventData):
    """Never placed."""

    TYPE: ClassVar[str] = "order.rejected"

    order_id: str
    reason: str


class CheckoutStuck(EventData):
    """Someone should look: `slow`, or money was taken for an order that is closed."""

    TYPE: ClassVar[str] = "checkout.stuck"

    order_id: str
    payment_id: str | None
    reason: str


class CapturedPayment(EventView):
    """What is read of payment.captured."""

    TYPES: ClassVar[tuple[str, ...]] = ("payment.captured",)

    order_id: str
    payment_id: str


class RefundedPayment(EventView):
    """What is read of payment.refunded."""

    TYPES: ClassVar[tuple[str, ...]] = ("payment.refunded",)

    order_id: str
    payment_id: str


class ExpiredReservation(EventView):
    """What is read of inventory.expired."""

    TYPES: ClassVar[tuple[str, ...]] = ("inventory.expired",)

    order_id: str


class TimelineEvent(EventView):
    """What is read of order.*, payment.* and inventory.*: all of it is shown, by its order."""

    model_config = ConfigDict(frozen=True, extra="allow")

    TYPES: ClassVar[tuple[str, ...]] = ("order.*", "payment.*", "inventory.*")

    order_id: str | None = None
