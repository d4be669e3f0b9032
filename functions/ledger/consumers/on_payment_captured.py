"""payment.captured -> a transaction, once per event, in whatever order they come."""

from typing import Any

from ledger.events import CapturedPayment
from ledger.repository import JournalRepository
from ledger.service import posting
from shop import clock, trace
from shop.consumer import entrypoint

journal = JournalRepository()


def consume(envelope: dict[str, Any]) -> str:
    """Post it; `already` if this event was posted before."""
    return posting.post_capture(
        CapturedPayment.model_validate(envelope["data"]),
        cause_event_id=envelope["id"],
        journal=journal,
        now=clock.now(),
        trace=trace.start(envelope.get("traceparent")),
    )


handler = entrypoint("ledger.on_payment_captured", consume)
