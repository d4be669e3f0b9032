"""POST /orders/{order_id}/cancel: keep the wish in the order's row, let the machine carry it out.

Whoever moves the row first has it. An order that no payment has cannot be claimed after the wish;
of one that is claimed the machine voids the payment, or finds that its money was taken before. If
the machine dies, the wish is still there: the janitor, the payment's next run or a repeat goes on.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from orders import domain, problems
from orders.domain import Order, Requester, Status
from orders.records import Change, Record
from orders.service import submit
from orders.service.changes import advance, change
from orders.service.ports import Orders
from shop import trace as traces
from shop.machine import CheckoutIncomplete
from shop.problems import Problem

Run = Callable[[dict[str, Any]], dict[str, Any]]


def cancel(
    record: Record, by: Requester, *, orders: Orders, run: Run, now: datetime
) -> Order | Problem:
    """The cancelled order: the same for every request, so no answer needs to be kept."""
    trace = traces.of(record.request.trace)  # Of the request whose answer may still be owed.

    def decide(current: Record) -> Change | None:
        after = domain.cancel_wanted(current.order, by, now=now)
        return None if after is current.order else change(current.order, after, trace=trace)

    order = advance(orders, record, decide).order
    if order.status is Status.PLACED:
        order = _carried_out(
            order, orders, lambda: run(submit.on_existing("abandon", order, trace))
        )
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
        extra={"order_id": order.order_id, "reason": order.reason},
    )


def _carried_out(order: Order, orders: Orders, undo: Callable[[], object]) -> Order:
    """The order as it is after the machine, whatever became of that."""
    with suppress(CheckoutIncomplete):  # Logged there; the row tells.
        undo()
    found = orders.get(order.order_id)
    if found is None:
        raise LookupError("an order that exists cannot be read")
    return found.order
