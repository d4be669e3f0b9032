"""The step `place`: pending -> placed, with the event; it gives the answer of POST /orders."""

from datetime import datetime

from orders.domain import order as domain
from orders.domain import order_mapper
from orders.domain.order import Line, Order, Reservation, Status, Totals
from orders.service import render_responses
from orders.service.change_order import change, update_with_retry
from orders.service.ports import OrderChange, Orders, StoredOrder
from shop import clock
from shop.checkout import PlaceOutcome, PlaceTask

STANDS = frozenset({Status.PLACED, Status.PAID})


def place_order(task: PlaceTask, *, orders: Orders, now: datetime) -> PlaceOutcome:
    """With prices and reservation; `closed` if the order has ended meanwhile."""

    def decide(record: StoredOrder) -> OrderChange | None:
        before = record.order
        if before.status is not Status.PENDING:
            return None
        return change(before, _placed(before, task, now), trace=task.trace)

    expected = StoredOrder(order_mapper.expected_state(task.order, task.kind))
    record = update_with_retry(orders, expected, decide)
    stands = record.order.status in STANDS
    return PlaceOutcome(
        outcome="placed" if stands else "closed", answer=render_responses.first(record)
    )


def _placed(order: Order, task: PlaceTask, now: datetime) -> Order:
    priced, reservation = task.priced, task.reservation
    return domain.placed(
        order,
        lines=tuple(
            Line(
                sku=line.sku,
                quantity=line.quantity,
                product_id=line.product_id,
                title=line.title,
                unit_price=line.unit_price,
                total=line.total,
            )
            for line in priced.lines
        ),
        totals=Totals(priced.subtotal, priced.shipping, priced.tax, priced.total),
        reservation=Reservation(reservation.reservation_id, clock.parse(reservation.expires_at)),
        now=now,
    )
