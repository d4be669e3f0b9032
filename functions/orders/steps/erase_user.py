"""`erase_user`: all orders of a user are at their end; what is personal goes with the key."""

from orders.repository.orders import OrderRepository
from orders.service.erase_user import erase_user
from shop.erasure import EraseUserOutcome, EraseUserTask

orders = OrderRepository()


def handle(task: EraseUserTask) -> EraseUserOutcome:
    """One Query for 100 orders."""
    return erase_user(task.user_id, orders)
