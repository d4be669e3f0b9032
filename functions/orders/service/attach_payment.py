"""The step `attach_payment`: from here the machine alone ends the order, paid or undone."""

from datetime import datetime

from orders.domain import order as domain
from orders.domain import order_mapper
from orders.domain.order import Order
from orders.service import build_inputs
from orders.service.ports import Orders
from shop.checkout import AttachPaymentOutcome, AttachPaymentTask, NotPayable, PaymentAttached


def attach_payment(
    task: AttachPaymentTask, *, orders: Orders, now: datetime
) -> AttachPaymentOutcome:
    """Give the order to one payment, for good; the same payment may ask again."""
    for _ in range(3):  # Again only if the order was placed between the write and the read.
        record = orders.attach_payment(
            task.order_id, customer_id=task.customer_id, payment_id=task.payment_id, now=now
        )
        if record is not None:
            return _attached(record.order, task.payment_id)
        record = orders.get(task.order_id)
        order = None if record is None else record.order
        reason = domain.why_not_payable(order, task.customer_id, task.payment_id)
        if reason is not None:
            return NotPayable(payment_id=task.payment_id, code=reason.code, detail=reason.detail)
        if order is not None and order.payment_id == task.payment_id:
            return _attached(order, task.payment_id)
    raise RuntimeError("the order changes faster than a payment can be attached")


def _attached(order: Order, payment_id: str) -> PaymentAttached:
    return PaymentAttached(
        outcome="attached" if order.cancellation_requested_by is None else "cancelling",
        payment_id=payment_id,
        amount=order.total,
        currency=order.currency,
        lines=build_inputs.wanted_lines(order),
        ship_to=build_inputs.destination(order),
        order=order_mapper.to_dict(order),
    )
