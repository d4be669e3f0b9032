"""Give back what was taken for an order that could not keep it."""

from datetime import datetime
from typing import Literal

from payments import events
from payments.domain import payment as domain
from payments.domain.payment import PaymentConflict
from payments.service.call_psp import reference_of
from payments.service.ports import Payments, Psp
from shop import clock
from shop.trace import Trace


def refund_payment(
    payment_id: str,
    *,
    order_id: str,
    payments: Payments,
    psp: Psp,
    now: datetime,
    trace: Trace,
    causation_id: str,
) -> Literal["refunded", "already"]:
    """All of it, once: a provider gives no more back than it took, and the row says that it has.

    Every fault is raised, a refusal of the provider too: whoever asked asks again.
    """
    row = payments.get(payment_id)
    if row is None:
        raise LookupError("no such payment")
    if row.order_id != order_id:
        raise PaymentConflict("another order")
    if row.refunded_at is not None:
        return "already"
    after = domain.refunded(row, at=clock.rfc3339(now))
    psp.refund(reference_of(row), key=f"{row.attempt_id}:refund")
    event = events.refunded(after, now=now, trace=trace, causation_id=causation_id)
    other = payments.save(row, after, event)
    if other is None:
        return "refunded"
    if other.refunded_at is not None:
        return "already"
    raise PaymentConflict("it has changed while it was refunded")
