"""`finalize`: paid, waiting or undone, and the answer of POST /checkout."""

from orders.repository.orders import OrderRepository
from orders.service.finalize_order import finalize_order
from shop import clock
from shop.checkout import Finalized, FinalizeTask

orders = OrderRepository()


def handle(task: FinalizeTask) -> Finalized:
    """One DynamoDB request; one more for an order that still owes its answer."""
    return finalize_order(task, orders=orders, now=clock.now())
