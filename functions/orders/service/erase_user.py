"""What orders keep of a user who is erased: ids, goods and amounts, as the law has it.

Where goods went and what they were to be paid with is sealed under the user's key, so nothing is
changed here; an order that is open needs that key, and is waited for. One that was never placed is
in no list, and over before this is asked (the machine waits for longer than it lives).
"""

from orders.domain.order import Status
from orders.service.ports import OrdersOfCustomer
from shop.erasure import EraseUserOutcome, UserBusy, UserErased

PAGE = 100
CLOSED = frozenset({Status.PAID, Status.CANCELLED, Status.REJECTED})


def erase_user(user_id: str, orders: OrdersOfCustomer) -> EraseUserOutcome:
    """How many orders stay; busy as long as one is open."""
    kept, before = 0, None
    while True:
        page, before = orders.of_customer(user_id, limit=PAGE, before=before)
        if any(order.status not in CLOSED for order in page):
            return UserBusy()
        kept += len(page)
        if before is None:
            return UserErased(kept=kept)
