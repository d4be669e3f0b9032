"""payment.captured -> a transaction, once per event, in whatever order they come."""

from ledger.events import CapturedPayment
from ledger.repository import JournalRepository
from ledger.service import posting
from shop import clock, trace
from shop.consumer import entrypoint
from shop.events import Envelope

journal = JournalRepository()


def consume(event: Envelope[CapturedPayment]) -> str:
    """Post it; `already` if this event was posted before."""
    return posting.post_capture(
        event.data,
        cause_event_id=event.id,
        journal=journal,
        now=clock.now(),
        trace=trace.start(event.traceparent),
    )


handler = entrypoint("ledger.on_payment_captured", consume, reads=CapturedPayment)
