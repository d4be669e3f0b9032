"""What a provider's webhook starts: a look at the provider's books, nothing else.

A notice is believed to have come from the provider, never to say how a payment stands: notices come
late, twice, out of order, or before our own request has its answer. So each one only starts the
machine, as the recovery job does, safe beside any other run (process_payment.py): a reference is
stored once, only the stored one is confirmed, and what is known already is looked up again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from payments.domain import payment as domain
from payments.domain.payment import Payment
from payments.service import run_checkout
from payments.service.ports import Payments, WebhookEvent, WebhookEvents
from shop import ids
from shop.checkout import Checkout
from shop.trace import Trace


def handle_webhook(
    notice: WebhookEvent,
    *,
    psp: str,
    sha256: str,
    notices: WebhookEvents,
    payments: Payments,
    checkout: Checkout,
    now: datetime,
    trace_of: Callable[[Mapping[str, str]], Trace],
) -> str:
    """`started`, `ignored` (nothing of ours waits for it), `at_work` (a run that will see the same
    books has the payment) or `repeated`.

    It is marked as processed after the start: a crash between the two makes the provider send it
    again, and the machine start again.
    """
    if not notices.take(notice, psp=psp, sha256=sha256, now=now):
        return "repeated"
    payment = _of(notice, payments)
    outcome = "ignored"
    if payment is not None and domain.is_at_work(payment, now=now):
        outcome = "at_work"
    elif payment is not None and payment.is_unfinished:
        checkout.start(run_checkout.pay_input(payment, trace_of(payment.trace)))
        outcome = "started"
    notices.processed(notice, outcome)
    return outcome


def _of(notice: WebhookEvent, payments: Payments) -> Payment | None:
    """Our payment, if the notice is about it.

    Not about another reference: that is an orphan of a race, or was not made by us. A row without a
    reference may get this one yet, or its request died before it could: the machine finds out.
    """
    payment_id = notice.payment_id or ""
    payment = payments.get(payment_id) if ids.is_id("pay", payment_id) else None
    if payment is None or payment.psp_reference not in (None, notice.reference):
        return None
    return payment
