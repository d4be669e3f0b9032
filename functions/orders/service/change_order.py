"""How an order changes: optimistically, whole, and with the event that reports it.

`update_with_retry` starts from the state that the caller expects. The write is conditional on the
version; if that was another, the refused write brings the stored row and the rule decides again.
So the usual case costs one request, and every other case is decided from what is stored.
"""

from collections.abc import Callable
from dataclasses import replace

from orders.domain.order import Order, Status
from orders.events import (
    CheckoutStuck,
    LineData,
    OrderCancelled,
    OrderPaid,
    OrderPlaced,
    OrderRejected,
)
from orders.service.ports import OrderChange, Orders, StoredOrder
from shop import events
from shop.events import EventData, MoneyData
from shop.idempotency import StoredResponse
from shop.trace import Trace

Decide = Callable[[StoredOrder], OrderChange | None]


def update_with_retry(orders: Orders, record: StoredOrder, decide: Decide) -> StoredOrder:
    """Apply `decide` to the order as it really is and store the change; None means: leave it."""
    for _ in range(8):
        change = decide(record)
        if change is None:
            return record
        current = orders.save(change)
        if current is None:
            return replace(
                record,
                order=change.order,
                answer=change.answer or record.answer,
                cancellation_request=change.cancellation_request or record.cancellation_request,
            )
        record = current
    raise RuntimeError("the order changes faster than it can be decided")


def change(
    before: Order,
    after: Order,
    *,
    trace: Trace,
    answer: StoredResponse | None = None,
    causation_id: str = "",
) -> OrderChange:
    """The change from one to the other, with its event if it is one that others hear of."""
    data = _event_for(before, after)
    if data is None:
        return OrderChange(after, None, answer)
    event = events.event(
        data,
        producer="orders",
        subject=after.order_id,
        sequence=after.version,
        now=after.updated_at,
        trace=trace,
        causation_id=causation_id,
    )
    return OrderChange(after, event, answer)


def _event_for(before: Order, after: Order) -> EventData | None:
    if after.status is not before.status:
        return _FACTS[after.status](after)
    if len(after.refund_due) > len(before.refund_due):
        return CheckoutStuck(
            order_id=after.order_id,
            payment_id=after.refund_due[-1],
            reason="captured_after_close",
        )
    if after.refund_due and after.attempts > before.attempts:  # Asked for again, in turn.
        return CheckoutStuck(
            order_id=after.order_id,
            payment_id=after.refund_due[after.attempts % len(after.refund_due)],
            reason="captured_after_close",
        )
    if after.stuck and not before.stuck:
        return CheckoutStuck(order_id=after.order_id, payment_id=after.payment_id, reason="slow")
    return None


def _placed(order: Order) -> EventData:
    hold = order.reservation
    if hold is None:
        raise LookupError("a placed order has a reservation")
    return OrderPlaced(
        order_id=order.order_id,
        customer_id=order.customer_id,
        total=MoneyData(amount=order.total, currency=order.currency),
        lines=[
            LineData(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price)
            for line in order.lines
        ],
        reservation_id=hold.reservation_id,
    )


def _paid(order: Order) -> EventData:
    return OrderPaid(
        order_id=order.order_id,
        customer_id=order.customer_id,
        payment_id=order.payment_id or "",
        total=MoneyData(amount=order.total, currency=order.currency),
    )


def _cancelled(order: Order) -> EventData:
    return OrderCancelled(order_id=order.order_id, reason=order.reason or "")


def _rejected(order: Order) -> EventData:
    return OrderRejected(order_id=order.order_id, reason=order.reason or "")


_FACTS: dict[Status, Callable[[Order], EventData]] = {
    Status.PLACED: _placed,
    Status.PAID: _paid,
    Status.CANCELLED: _cancelled,
    Status.REJECTED: _rejected,
}
