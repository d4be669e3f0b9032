"""Hold all lines of an order or none.

Optimistic: the first try takes everything from the nearest centre without a look. Only if a stock
row refuses is the stock read, and the order spread over the centres. It is out of stock when a
consistent read says so; losing a race is a reason to look again, never an answer.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime

from inventory.domain import allocation, fulfilment_centres, reservation
from inventory.domain.allocation import MAX_STOCK_ROWS, InsufficientStock, Plan
from inventory.domain.reservation import Reservation, Status
from inventory.events import event_of
from inventory.service.ports import Stock
from shop.lines import QuantityOfSku, merge
from shop.retry import backoff
from shop.trace import Trace

ATTEMPTS = 10
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.2


class StockContended(Exception):
    """The stock changed faster than it could be read; the caller tries again later."""


def reserve(
    order_id: str,
    lines: Iterable[QuantityOfSku],
    *,
    country: str,
    stock: Stock,
    now: datetime,
    trace: Trace,
    sleep: Callable[[float], None] = time.sleep,
) -> Reservation | InsufficientStock:
    """The reservation of this order, made now or found; or what is short.

    A found one may be in any state but expired: that is held anew. One write if the nearest
    centre has it all. Raises StockContended after ATTEMPTS.
    """
    wanted = merge(lines)
    preference = fulfilment_centres.preference(country)
    previous: Reservation | None = None
    plan: Plan | None = None
    if len(wanted) <= MAX_STOCK_ROWS:
        plan = allocation.allocate_from_one(preference[0], wanted)
    for attempt in range(ATTEMPTS):
        if plan is None:
            levels = stock.levels(list(wanted), consistent=True)
            found = allocation.allocate(wanted, levels, preference)
            if isinstance(found, InsufficientStock):
                return found
            plan = found
        transition = reservation.hold(order_id, plan, previous=previous, now=now)
        refused = stock.apply(transition, event_of(transition, trace))
        if refused is None:
            return transition.new
        if refused.stored is None:
            plan = None
            sleep(_pause_s(attempt))
        elif refused.stored.status is Status.EXPIRED:
            previous = refused.stored
        else:
            return refused.stored
    raise StockContended(order_id)


def _pause_s(attempt: int) -> float:
    """Nothing after the first refusal, which is the usual one."""
    return backoff(attempt, base_s=FIRST_PAUSE_S, cap_s=LONGEST_PAUSE_S) if attempt else 0
