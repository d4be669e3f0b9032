"""Post what an event says, once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from ledger.domain import transaction as posting
from ledger.domain.transaction import Transaction
from ledger.events import CapturedPayment, EntryData, RefundedPayment, TransactionPosted
from ledger.service.ports import JournalWriter
from shop import clock, events
from shop.money import Money
from shop.trace import Trace

Outcome = Literal["posted", "duplicate"]


def post_capture(
    captured: CapturedPayment,
    *,
    cause_event_id: str,
    journal: JournalWriter,
    now: datetime,
    trace: Trace,
) -> Outcome:
    """Money was taken: the provider owes it to us, we owe goods to the customer.

    Raises posting.PostingRejected for an event that cannot be posted.
    """
    amount = Money(captured.amount.amount, captured.amount.currency)
    return post(
        "payment_captured",
        amounts={"amount": amount},
        dimensions={"psp": captured.psp},
        references={"order_id": captured.order_id, "payment_id": captured.payment_id},
        cause_event_id=cause_event_id,
        effective=clock.parse(captured.captured_at),
        journal=journal,
        now=now,
        trace=trace,
    )


def post_refund(
    refunded: RefundedPayment,
    *,
    cause_event_id: str,
    journal: JournalWriter,
    now: datetime,
    trace: Trace,
) -> Outcome:
    """Money was given back before anything was delivered: nobody owes anybody anything.

    Raises posting.PostingRejected for an event that cannot be posted.
    """
    amount = Money(refunded.amount.amount, refunded.amount.currency)
    return post(
        "payment_refunded",
        amounts={"amount": amount},
        dimensions={"psp": refunded.psp},
        references={"order_id": refunded.order_id, "payment_id": refunded.payment_id},
        cause_event_id=cause_event_id,
        effective=clock.parse(refunded.refunded_at),
        journal=journal,
        now=now,
        trace=trace,
    )


def post(
    template: str,
    *,
    amounts: Mapping[str, Money],
    dimensions: Mapping[str, str],
    references: Mapping[str, str],
    cause_event_id: str,
    effective: datetime,
    journal: JournalWriter,
    now: datetime,
    trace: Trace,
) -> Outcome:
    """Post what a template makes of these amounts; PostingRejected if it does not take them."""
    transaction = Transaction(
        id=posting.transaction_id(cause_event_id, template),
        template=template,
        cause_event_id=cause_event_id,
        effective_at=clock.rfc3339(effective),
        recorded_at=clock.rfc3339(now),
        entries=posting.entries_of(template, amounts=amounts, dimensions=dimensions),
        references=references,
    )
    event = events.event(
        TransactionPosted(
            transaction_id=transaction.id,
            template=template,
            cause_event_id=cause_event_id,
            entries=[EntryData.model_validate(entry.to_dict()) for entry in transaction.entries],
        ),
        producer="ledger",
        subject=transaction.id,
        sequence=1,
        now=now,
        trace=trace,
        causation_id=cause_event_id,
    )
    return "posted" if journal.append(transaction, event) else "duplicate"
