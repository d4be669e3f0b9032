"""The step `reject`: pending -> rejected, for what price or reserve said, as the first answer."""

from datetime import datetime

from orders.domain import order as domain
from orders.domain import order_mapper
from orders.domain.order import Status
from orders.service import render_responses
from orders.service.change_order import change, update_with_retry
from orders.service.place_order import STANDS
from orders.service.ports import OrderChange, Orders, StoredOrder
from shop.checkout import RejectOutcome, RejectTask


def reject_order(task: RejectTask, *, orders: Orders, now: datetime) -> RejectOutcome:
    """`placed` if it was placed before."""
    cause = task.cause.outcome
    reason = "abandoned" if cause == "released" else cause

    def decide(record: StoredOrder) -> OrderChange | None:
        before = record.order
        if before.status is not Status.PENDING:
            return None
        after = domain.rejected(before, reason, now=now)
        answer = render_responses.rejected(before, task.cause, task.trace)
        return change(before, after, trace=task.trace, answer=answer)

    expected = StoredOrder(order_mapper.expected_state(task.order, task.kind))
    record = update_with_retry(orders, expected, decide)
    stands = record.order.status in STANDS
    answer = render_responses.first(record)
    return RejectOutcome(outcome="placed" if stands else "rejected", answer=answer)
