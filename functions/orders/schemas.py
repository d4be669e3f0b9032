"""HTTP shapes of orders."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from shop import ids
from shop.schemas import (
    Address,
    Body,
    Currency,
    Cursor,
    Limit,
    Line,
    MoneyOut,
    OrderId,
    Out,
    PaymentId,
    PaymentMethod,
    Query,
    ReturnUrl,
)

# All stock of an order is held in one DynamoDB transaction of at most 100 items.
MAX_SKUS = 98


def _few_skus(lines: list[Line]) -> list[Line]:
    if len({line.sku for line in lines}) > MAX_SKUS:
        raise PydanticCustomError("too_many_skus", "at most 98 different SKUs")
    return lines


Lines = Annotated[list[Line], Field(min_length=1, max_length=100), AfterValidator(_few_skus)]


class PlaceOrderIn(Body):
    """What to buy and where to."""

    lines: Lines
    shipping_address: Address
    currency: Currency = "USD"


class CheckoutIn(Body):
    """Buy and pay at once; the payment is captured automatically."""

    lines: Lines
    address: Address
    payment_method: PaymentMethod
    currency: Currency = "USD"
    return_url: ReturnUrl | None = None


class PageQuery(Query):
    """A page of a list."""

    limit: Limit = 20
    cursor: Cursor | None = None


class OrderLineOut(Out):
    """A line at the price it was bought for."""

    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: MoneyOut
    total: MoneyOut


class ReservationOut(Out):
    """The hold on stock; only while the order is placed."""

    reservation_id: Annotated[str, Field(pattern=ids.pattern("rsv"))]
    expires_at: str


class OrderOut(Out):
    """An order."""

    order_id: OrderId
    status: Literal["placed", "paid", "cancelled"]
    currency: Currency
    lines: list[OrderLineOut]
    subtotal: MoneyOut
    shipping: MoneyOut
    tax: MoneyOut
    total: MoneyOut
    reservation: ReservationOut | None
    payment_id: PaymentId | None
    reason: str | None
    created_at: str
    updated_at: str


class OrderDetailOut(OrderOut):
    """An order with the address that it goes to."""

    shipping_address: Address


class OrderListOut(Out):
    """Orders, newest first."""

    data: list[OrderOut]
    next_cursor: str | None


class CheckoutPaymentOut(Out):
    """The payment, as GET /payments/{payment_id} shows it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    payment_id: PaymentId
    order_id: OrderId
    status: str
    next_action: dict[str, Any] | None = None


class CheckoutOut(Out):
    """The order and its payment."""

    order: OrderOut
    payment: CheckoutPaymentOut


class TimelineEntryOut(Out):
    """One event of an order, its payment, its stock or its postings."""

    event_id: Annotated[str, Field(pattern=ids.pattern("evt"))]
    type: str
    occurred_at: str
    producer: str
    subject: str
    sequence: int
    correlation_id: str
    data: dict[str, Any]


class TimelineOut(Out):
    """Everything that happened, oldest first."""

    data: list[TimelineEntryOut]
    next_cursor: str | None
