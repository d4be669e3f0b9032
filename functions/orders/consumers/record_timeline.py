"""order.*, payment.*, inventory.*: keep every event of an order for its timeline."""

from orders.events import TimelineEvent
from orders.repository.orders import OrderRepository
from shop.consumer import On, entrypoint
from shop.events import Envelope

orders = OrderRepository()


def consume(event: Envelope[TimelineEvent]) -> str:
    """Keyed by the event's own id and time: a repeat stores the same row again."""
    if not event.data.order_id:
        return "ignored"
    orders.record_event(event.data.order_id, event.model_dump(mode="json"))
    return "recorded"


handler = entrypoint("orders.record_timeline", On(TimelineEvent, consume))
