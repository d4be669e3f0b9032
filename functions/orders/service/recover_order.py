"""What happens to orders without a request: events of other services, and the recovery job."""

from collections.abc import Callable
from datetime import datetime

from orders.domain import order as domain
from orders.domain.order import Kind, Order, Status
from orders.service import build_inputs, render_responses
from orders.service.change_order import change, update_with_retry
from orders.service.ports import OrderChange, Orders, PersonalData, StoredOrder
from orders.service.seal_details import reseal_for_payment
from shop import trace as traces
from shop.checkout import Checkout, ExecutionInput
from shop.idempotency import StoredResponse
from shop.trace import Trace
from shop.user_keys import Erased

Report = Callable[[str, Order], None]


def payment_captured(
    order_id: str,
    payment_id: str,
    *,
    orders: Orders,
    trace: Trace,
    causation_id: str,
    now: datetime,
) -> str:
    """Mark the order paid if the machine died before it could; `paid`, `already`, `refund_due`.

    The machine never captures for an order that its payment has not got, so money for a closed
    order is a defect somewhere. It is written down, reported, and stays due until someone acts.
    """

    def rule(order: Order) -> Order:
        if order.status is Status.PENDING:
            raise LookupError("captured for an order that was never placed")
        return domain.finalized(order, "captured", payment_id, "", now=now)

    after = _apply(rule, order_id, orders=orders, trace=trace, causation_id=causation_id)
    if after is None:
        return "already"
    return "refund_due" if payment_id in after.refund_due else "paid"


def payment_refunded(
    order_id: str,
    payment_id: str,
    *,
    orders: Orders,
    trace: Trace,
    causation_id: str,
    now: datetime,
) -> str:
    """What was due back has gone back; `refunded`, or `ignored` if it is not due, or no more."""

    def rule(order: Order) -> Order:
        return domain.refund_made(order, payment_id, now=now)

    after = _apply(rule, order_id, orders=orders, trace=trace, causation_id=causation_id)
    return "ignored" if after is None else "refunded"


def reservation_expired(
    order_id: str, *, orders: Orders, trace: Trace, causation_id: str, now: datetime
) -> str:
    """Cancel an order that no payment got before its reservation ended; `cancelled`, `ignored`."""
    before = _existing(orders, order_id)

    def decide(record: StoredOrder) -> OrderChange | None:
        if not domain.may_expire(record.order):
            return None
        after = domain.cancelled(record.order, "reservation_expired", now=now)
        answer = None
        if render_responses.is_response_pending(record):
            first = traces.from_dict(record.request.trace)
            answer = StoredResponse.of_problem(render_responses.closed(after.reason or ""), first)
        return change(record.order, after, trace=trace, answer=answer, causation_id=causation_id)

    after = update_with_retry(orders, before, decide).order
    return "ignored" if after.version == before.order.version else "cancelled"


def retry_stalled(
    order_id: str,
    *,
    orders: Orders,
    personal: Callable[[], PersonalData],
    checkout: Checkout,
    report: Report,
    now: datetime,
) -> str:
    """One order that stands unfinished: resume it, or undo it when it had its time.

    It is put off first, so that two jobs do not both start a machine, and a machine that fails
    is not started again at once. What is due back is asked for again. A checkout of somebody who is
    erased cannot be resumed: it is left until its time is over. Returns the mode that was started,
    `refund_due` or `left`.
    """
    record = orders.get(order_id)
    if record is None or record.order.next_attempt_at is None or record.order.next_attempt_at > now:
        return "left"
    before = record.order
    after = domain.schedule_retry(before, now=now)
    trace = traces.from_dict(record.request.trace)
    if orders.save(change(before, after, trace=trace)) is not None:
        return "left"  # Someone is at work on it.
    if before.refund_due:
        report("CapturedAfterClose", before)
        return "refund_due"
    if after.stuck:
        report("CheckoutStuck", before)
    data = _resume(record, personal, trace, now)
    if data is None:
        return "left"
    checkout.start(data)
    return data.mode


def _apply(
    rule: Callable[[Order], Order],
    order_id: str,
    *,
    orders: Orders,
    trace: Trace,
    causation_id: str,
) -> Order | None:
    """Store what the rule makes of the order as it really is; None if it stays as it was."""
    before = _existing(orders, order_id)

    def decide(record: StoredOrder) -> OrderChange | None:
        after = rule(record.order)
        if after is record.order:
            return None
        return change(record.order, after, trace=trace, causation_id=causation_id)

    after = update_with_retry(orders, before, decide).order
    return None if after.version == before.order.version else after


def _resume(
    record: StoredOrder, personal: Callable[[], PersonalData], trace: Trace, now: datetime
) -> ExecutionInput | None:
    order = record.order
    if domain.is_overdue(order, now=now):
        return build_inputs.abandon_input(order, trace)
    own = build_inputs.checkout_payment_id(order) if order.kind is Kind.CHECKOUT else None
    if order.payment_id is not None and order.payment_id != own:
        return build_inputs.pay_input(order, order.payment_id, trace)
    if own is None:
        return build_inputs.place_input(order, trace)
    payer = reseal_for_payment(record, personal())
    if isinstance(payer, Erased):
        return None
    return build_inputs.first_input(order, payer, trace)


def _existing(orders: Orders, order_id: str) -> StoredOrder:
    record = orders.get(order_id)
    if record is None:
        raise LookupError("no such order")  # Parked in the dead-letter queue, where it is seen.
    return record
