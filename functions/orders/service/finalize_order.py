"""The step `finalize`, the last of every path: paid, waiting, or undone."""

from datetime import datetime

from orders import codec, domain
from orders.domain import Kind, Status
from orders.records import OrderChange, StoredOrder
from orders.service import answers
from orders.service.changes import change, update_with_retry
from orders.service.ports import Orders
from shop.checkout import Declined, Finalized, FinalizeTask, NotAttached, PaymentAttached

_ENDED_UNPAID = frozenset({Status.REJECTED, Status.CANCELLED})


def finalize_order(task: FinalizeTask, *, orders: Orders, now: datetime) -> Finalized:
    """End the order by what became of its payment.

    For POST /checkout it also stores the first answer, even if an event finalized it before.
    """
    payment, attached = task.payment, task.attached
    reason = payment.code if isinstance(payment, Declined) else task.undo.reason
    payment_id = None if isinstance(attached, NotAttached) else attached.payment_id

    def decide(record: StoredOrder) -> OrderChange | None:
        before = record.order
        after = domain.finalized(before, payment.outcome, payment_id, reason, now=now)
        answer = None
        # Who gives up has no say in an order that others are still at work on, or that is paid.
        decided = payment_id is not None or after.status in _ENDED_UNPAID
        if decided and answers.owed(record):
            answer = answers.checkout(after, task, reason)
            after = domain.noted(after) if after is before else after
        return None if after is before else change(before, after, trace=task.trace, answer=answer)

    record = update_with_retry(orders, _known(task, orders), decide)
    return Finalized(status=record.order.status.value, answer=answers.first(record))


def _known(task: FinalizeTask, orders: Orders) -> StoredOrder:
    """As the payment was attached, if the order owes no answer; else as stored."""
    if isinstance(task.attached, PaymentAttached) and task.attached.outcome == "attached":
        order = codec.from_dict(dict(task.attached.order))
        if order.kind is Kind.ORDER:
            return StoredOrder(order)
    record = orders.get(task.order_id)
    if record is None:
        raise LookupError("no such order")
    return record
