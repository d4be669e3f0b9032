"""payment.refunded -> a transaction, once per event, in whatever order they come."""

from ledger.events import RefundedPayment
from ledger.repository import JournalRepository
from ledger.service import post_transaction
from shop import clock, trace
from shop.consumer import entrypoint
from shop.events import Envelope

journal = JournalRepository()


def consume(event: Envelope[RefundedPayment]) -> str:
    """Post it; `already` if this event was posted before."""
    return post_transaction.post_refund(
        event.data,
        cause_event_id=event.id,
        journal=journal,
        now=clock.now(),
        trace=trace.from_header(event.traceparent),
    )


handler = entrypoint("ledger.on_payment_refunded", consume, reads=RefundedPayment)
