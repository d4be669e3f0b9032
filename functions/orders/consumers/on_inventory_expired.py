"""inventory.expired: cancel the order that was not paid in time."""

from orders.events import ExpiredReservation
from orders.repository.orders import OrderRepository
from orders.service import recover_order
from shop import clock, trace
from shop.consumer import On, entrypoint
from shop.events import Envelope

orders = OrderRepository()


def consume(event: Envelope[ExpiredReservation]) -> str:
    """An order that a payment has claimed is left to the machine."""
    return recover_order.reservation_expired(
        event.data.order_id,
        orders=orders,
        trace=trace.from_header(event.traceparent),
        causation_id=event.id,
        now=clock.now(),
    )


handler = entrypoint("orders.on_inventory_expired", On(ExpiredReservation, consume))
