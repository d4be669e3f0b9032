"""The step `finalize`, the last of every path: paid, waiting, or undone."""

from datetime import datetime

from orders.domain import order as domain
from orders.domain import order_mapper
from orders.domain.order import Kind, Status
from orders.service import render_responses
from orders.service.change_order import change, update_with_retry
from orders.service.ports import OrderChange, Orders, StoredOrder
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
        if decided and render_responses.is_response_pending(record):
            answer = render_responses.checkout(after, task, reason)
            after = domain.bump_version(after) if after is before else after
        return None if after is before else change(before, after, trace=task.trace, answer=answer)

    record = update_with_retry(orders, _known(task, orders), decide)
    return Finalized(status=record.order.status.value, answer=render_responses.first(record))


def _known(task: FinalizeTask, orders: Orders) -> StoredOrder:
    """As the payment was attached, if the order owes no answer; else as stored."""
    if isinstance(task.attached, PaymentAttached) and task.attached.outcome == "attached":
        order = order_mapper.from_dict(dict(task.attached.order))
        if order.kind is Kind.ORDER:
            return StoredOrder(order)
    record = orders.get(task.order_id)
    if record is None:
        raise LookupError("no such order")
    return record
