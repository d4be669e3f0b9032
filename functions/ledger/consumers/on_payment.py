"""payment.captured, payment.refunded: a transaction for each, once, in whatever order they come."""

from ledger.events import CapturedPayment, RefundedPayment
from ledger.repository import JournalRepository
from ledger.service import post_transaction
from ledger.service.post_transaction import Posting
from shop import clock, trace
from shop.consumer import On, entrypoint
from shop.events import Envelope

journal = JournalRepository()


def captured(event: Envelope[CapturedPayment]) -> str:
    """Post what was taken."""
    return _post(event, post_transaction.capture(event.data))


def refunded(event: Envelope[RefundedPayment]) -> str:
    """Post what was given back."""
    return _post(event, post_transaction.refund(event.data))


def _post(event: Envelope[CapturedPayment] | Envelope[RefundedPayment], posting: Posting) -> str:
    return post_transaction.post(
        posting,
        cause_event_id=event.id,
        journal=journal,
        now=clock.now(),
        trace=trace.from_header(event.traceparent),
    )


handler = entrypoint(
    "ledger.on_payment", On(CapturedPayment, captured), On(RefundedPayment, refunded)
)
