"""What an execution of the checkout machine starts with, from an order as it is stored."""

from orders.domain.order import Order, Status
from shop import clock, ids
from shop.checkout import (
    AbandonInput,
    CheckoutInput,
    Destination,
    NewOrder,
    OrderLine,
    OrderRef,
    PayInput,
    PaymentDetails,
    PaymentRequest,
    PlaceInput,
)
from shop.trace import Trace


def first_input(order: Order, payer: str | None, trace: Trace) -> PlaceInput | CheckoutInput:
    """To do what the order's request asked for, from wherever it stands.

    `payer` is sealed for the payment of a checkout (seal_details.py); an order has none.
    """
    return place_input(order, trace) if payer is None else checkout_input(order, payer, trace)


def place_input(order: Order, trace: Trace) -> PlaceInput:
    """To price it and to hold its stock."""
    return PlaceInput(order=new_order(order), trace=trace)


def checkout_input(order: Order, payer: str, trace: Trace) -> CheckoutInput:
    """To place it, and to pay it as its request said."""
    asked = PaymentDetails(sealed=payer, capture_method="automatic")
    return CheckoutInput(
        placed=order.status is not Status.PENDING,
        order=new_order(order),
        payment=PaymentRequest(payment_id=checkout_payment_id(order), details=asked),
        trace=trace,
    )


def pay_input(order: Order, payment_id: str, trace: Trace) -> PayInput:
    """To go on with the payment that has the order."""
    return PayInput(order=_ref(order), payment=_stored(payment_id), trace=trace)


def abandon_input(order: Order, trace: Trace) -> AbandonInput:
    """To undo the order and the payment that has it."""
    payment = None if order.payment_id is None else _stored(order.payment_id)
    return AbandonInput(order=_ref(order), payment=payment, trace=trace)


def new_order(order: Order) -> NewOrder:
    """What the request wanted; no address, only as much of it as prices and stock need."""
    return NewOrder(
        order_id=order.order_id,
        customer_id=order.customer_id,
        currency=order.currency,
        lines=wanted_lines(order),
        ship_to=destination(order),
        created_at=clock.rfc3339(order.created_at),
    )


def wanted_lines(order: Order) -> tuple[OrderLine, ...]:
    """Without prices."""
    return tuple(OrderLine(sku=line.sku, quantity=line.quantity) for line in order.lines)


def destination(order: Order) -> Destination:
    """Where it goes."""
    return Destination(country=order.ship_to.country, region=order.ship_to.region)


def checkout_payment_id(order: Order) -> str:
    """The one payment that POST /checkout makes for an order."""
    region = ids.region_of(order.order_id)
    return ids.derive("pay", order.order_id, "checkout", region=region)


def _ref(order: Order) -> OrderRef:
    return OrderRef(order_id=order.order_id, customer_id=order.customer_id)


def _stored(payment_id: str) -> PaymentRequest:
    return PaymentRequest(payment_id=payment_id, details=None)
