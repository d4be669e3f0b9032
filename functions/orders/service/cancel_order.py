"""POST /orders/{order_id}/cancel: keep the wish in the order's row, let the machine carry it out.

Whoever moves the row first has it. No payment gets the order after the wish; one
that has it is voided by the machine, or it finds that its money was taken before. If
the machine dies, the wish is still there: the recovery job, the payment's next run or a repeat
goes on.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from orders import problems
from orders.domain import order as domain
from orders.domain.order import Order, Requester, Status
from orders.service.build_inputs import abandon_input
from orders.service.change_order import change, update_with_retry
from orders.service.ports import OrderChange, Orders, StoredOrder
from shop import trace as traces
from shop.checkout import Checkout, ExecutionFailed
from shop.problems import Problem


def cancel(
    record: StoredOrder,
    by: Requester,
    *,
    request: str,
    orders: Orders,
    checkout: Checkout,
    timeout_s: float,
    now: datetime,
) -> Order | Problem:
    """The cancelled order: the same for every request, so no answer needs to be kept.

    `request` is the fingerprint of caller and key, for `is_repeated`.
    """
    trace = traces.from_dict(record.request.trace)  # Of the request whose answer may still be owed.

    def decide(current: StoredOrder) -> OrderChange | None:
        after = domain.request_cancellation(current.order, by, now=now)
        if after is current.order:
            return None
        return replace(change(current.order, after, trace=trace), cancellation_request=request)

    order = update_with_retry(orders, record, decide).order
    if order.status is Status.PLACED:
        with suppress(ExecutionFailed):  # Logged there; the row tells.
            checkout.run(abandon_input(order, trace), timeout_s=timeout_s)
        found = orders.get(order.order_id)
        if found is None:
            raise LookupError("an order that exists cannot be read")
        order = found.order
    if domain.is_cancelled_on_request(order):
        return order
    if order.status is Status.PLACED:
        return Problem(
            problems.CHECKOUT_INCOMPLETE,
            "The wish is kept and will be carried out. Repeat the request to learn how it ended.",
            headers={"Retry-After": "1"},
        )
    return Problem(
        problems.ORDER_NOT_CANCELLABLE,
        f"The order is {order.status}.",
        extensions={"order_id": order.order_id, "reason": order.reason},
    )


def is_repeated(record: StoredOrder, request: str) -> bool:
    """Whether the order was cancelled for this very request, and not for one with another key."""
    return domain.is_cancelled_on_request(record.order) and record.cancellation_request == request
