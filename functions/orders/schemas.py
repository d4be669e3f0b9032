"""HTTP shapes of orders."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from orders.domain import destination
from orders.domain.order import Line as OrderLine
from orders.domain.order import Order, Status
from shop import clock, ids
from shop.checkout import CaptureMethod
from shop.schemas import (
    Currency,
    Cursor,
    Limit,
    Line,
    MoneyOut,
    OrderId,
    PaymentId,
    PaymentMethod,
    PostalAddress,
    QueryModel,
    RequestModel,
    ResponseModel,
    ReturnUrl,
)

# All stock of an order is held in one DynamoDB transaction of at most 100 items.
MAX_SKUS = 98


def _few_skus(lines: list[Line]) -> list[Line]:
    if len({line.sku for line in lines}) > MAX_SKUS:
        raise PydanticCustomError("too_many_skus", "at most 98 different SKUs")
    return lines


Lines = Annotated[list[Line], Field(min_length=1, max_length=100), AfterValidator(_few_skus)]


class Address(PostalAddress):
    """Where the goods go, in full. Stored with the order, never put into events or logs."""

    @field_validator("region")
    @classmethod
    def _is_of_the_country(cls, region: str | None, info: ValidationInfo) -> str | None:
        country = info.data.get("country")
        return destination.normalise_region(country, region) if country else region

    @field_validator("postal_code")
    @classmethod
    def _is_of_the_region(cls, postal_code: str | None, info: ValidationInfo) -> str | None:
        if {"country", "region"} <= info.data.keys():
            destination.ship_to(info.data["country"], info.data["region"], postal_code)
        return postal_code


class PlaceOrderIn(RequestModel):
    """What to buy and where to."""

    lines: Lines
    shipping_address: Address
    currency: Currency = "USD"


class CheckoutIn(RequestModel):
    """Buy and pay at once; the payment is captured automatically."""

    lines: Lines
    address: Address
    payment_method: PaymentMethod
    currency: Currency = "USD"
    return_url: ReturnUrl | None = None


class PageQuery(QueryModel):
    """A page of a list."""

    limit: Limit = 20
    cursor: Cursor | None = None


class OrderLineOut(ResponseModel):
    """A line at the price it was bought for."""

    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: MoneyOut
    total: MoneyOut

    @classmethod
    def of(cls, line: OrderLine, currency: str) -> "OrderLineOut":
        """A line of an order in this currency."""
        return cls(
            sku=line.sku,
            product_id=line.product_id,
            title=line.title,
            quantity=line.quantity,
            unit_price=MoneyOut(amount=line.unit_price, currency=currency),
            total=MoneyOut(amount=line.total, currency=currency),
        )


class ReservationOut(ResponseModel):
    """The reserved stock; only while the order is placed."""

    reservation_id: Annotated[str, Field(pattern=ids.pattern("rsv"))]
    expires_at: str

    @classmethod
    def of(cls, order: Order) -> "ReservationOut | None":
        """The order's, if it still counts."""
        found = order.reservation if order.status is Status.PLACED else None
        if found is None:
            return None
        return cls(reservation_id=found.reservation_id, expires_at=clock.rfc3339(found.expires_at))


class OrderOut(ResponseModel):
    """An order that was placed."""

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

    @classmethod
    def of(cls, order: Order) -> "OrderOut":
        """LookupError before the order was placed: it has no price then."""
        return cls.model_validate(_shown(order))


class AddressOut(ResponseModel):
    """Where the goods go, as it was taken then: rules for new addresses are not its rules."""

    name: str
    line1: str
    line2: str | None = None
    city: str
    country: str
    region: str | None = None
    postal_code: str | None = None
    phone: str | None = None


class OrderDetailOut(OrderOut):
    """An order with the address that it goes to."""

    shipping_address: Annotated[
        AddressOut | None, Field(description="null once the customer has been erased")
    ]

    @classmethod
    def with_address(cls, order: Order, address: Mapping[str, Any] | None) -> "OrderDetailOut":
        """The order and its stored address; None of somebody who is erased."""
        return cls.model_validate({**_shown(order), "shipping_address": address})


class OrderListOut(ResponseModel):
    """Orders, newest first."""

    data: list[OrderOut]
    next_cursor: str | None


class NextAction(ResponseModel):
    """That the customer has to do something; what it takes is in `GET /payments/{payment_id}`."""

    type: Annotated[str, Field(examples=["redirect_to_url", "use_stripe_sdk"])]


class CheckoutPaymentOut(ResponseModel):
    """The payment, as POST /payments answers it."""

    # `payments.schemas.PaymentOut` over again: no service imports another, a test compares them.
    payment_id: PaymentId
    order_id: OrderId
    status: Literal[
        "pending", "requires_action", "unknown", "authorized", "captured", "failed", "voided"
    ]
    amount: MoneyOut | None
    psp: str
    psp_reference: str | None
    capture_method: CaptureMethod
    next_action: NextAction | None
    created_at: str
    updated_at: str


class CheckoutOut(ResponseModel):
    """The order and its payment."""

    order: OrderOut
    payment: CheckoutPaymentOut

    @classmethod
    def of(cls, order: Order, payment: Mapping[str, Any]) -> "CheckoutOut":
        """`payment` is as payments shows it."""
        return cls(
            order=OrderOut.of(order), payment=CheckoutPaymentOut.model_validate(dict(payment))
        )


class TimelineEntryOut(ResponseModel):
    """One event of an order, its payment, its stock or its postings."""

    event_id: Annotated[str, Field(pattern=ids.pattern("evt"))]
    type: str
    occurred_at: str
    producer: str
    subject: str
    sequence: int
    correlation_id: str
    data: dict[str, Any]


class TimelineOut(ResponseModel):
    """Everything that happened, oldest first."""

    data: list[TimelineEntryOut]
    next_cursor: str | None


def _shown(order: Order) -> dict[str, Any]:
    totals = order.totals
    if totals is None:
        raise LookupError("an order is shown once it was placed")
    sums = {name: getattr(totals, name) for name in ("subtotal", "shipping", "tax", "total")}
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "currency": order.currency,
        "lines": [OrderLineOut.of(line, order.currency) for line in order.lines],
        **{name: MoneyOut(amount=amount, currency=order.currency) for name, amount in sums.items()},
        "reservation": ReservationOut.of(order),
        "payment_id": order.payment_id,
        "reason": order.reason,
        "created_at": clock.rfc3339(order.created_at),
        "updated_at": clock.rfc3339(order.updated_at),
    }
