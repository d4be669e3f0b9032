"""The step `reject`: pending -> rejected, for what price or reserve said, as the first answer."""

from datetime import datetime

from orders import codec, domain
from orders.domain import Status
from orders.records import OrderChange, StoredOrder
from orders.service import answers
from orders.service.changes import change, update_with_retry
from orders.service.place_order import STANDS
from orders.service.ports import Orders
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
        answer = answers.rejected(before, task.cause, task.trace)
        return change(before, after, trace=task.trace, answer=answer)

    expected = StoredOrder(codec.expected_state(task.order, task.kind))
    record = update_with_retry(orders, expected, decide)
    stands = record.order.status in STANDS
    answer = answers.first(record)
    return RejectOutcome(outcome="placed" if stands else "rejected", answer=answer)
