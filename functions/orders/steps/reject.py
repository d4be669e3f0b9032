"""`reject`: pending -> rejected, with the reason as the first answer."""

from orders.repository.orders import OrderRepository
from orders.service.reject_order import reject_order
from shop import clock
from shop.checkout import RejectOutcome, RejectTask

orders = OrderRepository()


def handle(task: RejectTask) -> RejectOutcome:
    """One DynamoDB request, unless the order has moved on."""
    return reject_order(task, orders=orders, now=clock.now())
