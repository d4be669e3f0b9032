"""Who may see an order, and who may cancel it."""

from orders.domain.order import Order, Requester, Status
from shop.http import Caller


def readable(order: Order, caller: Caller) -> bool:
    """Its customer, and staff who may read all orders. Others are told that there is none.

    Orders that were never placed are shown to nobody: they have no price.
    """
    if order.status in {Status.PENDING, Status.REJECTED}:
        return False
    return order.customer_id == caller.subject or "orders:read" in caller.scopes


def requester(order: Order, caller: Caller) -> Requester | None:
    """As whom the caller may cancel it; None: there is no such order for them."""
    if order.customer_id == caller.subject:
        return Requester.CUSTOMER
    return Requester.STAFF if "orders:write" in caller.scopes else None
