"""Who may see an order."""

from orders.domain import Order
from shop.http import Caller


def readable(order: Order, caller: Caller) -> bool:
    """Its customer, and staff who may read all orders. Others are told that there is none."""
    return order.customer_id == caller.subject or "orders:read" in caller.scopes
