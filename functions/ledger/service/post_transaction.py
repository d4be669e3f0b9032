"""Post what an event says, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger.domain import transaction as domain
from ledger.domain.transaction import Transaction
from ledger.events import (
    CapturedPayment,
    EntryData,
    MovedPayment,
    RefundedPayment,
    TransactionPosted,
)
from ledger.service.ports import JournalWriter
from shop import clock, events
from shop.money import Money
from shop.trace import Trace

Outcome = Literal["posted", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What an event asks the ledger to post: a template of the chart, and what fills it in."""

    template: str
    amounts: Mapping[str, Money]
    dimensions: Mapping[str, str]
    references: Mapping[str, str]
    effective: datetime  # when it happened


def capture(payment: CapturedPayment) -> Posting:
    """Money was taken: the provider owes it to us, we owe goods to the customer."""
    return _moved("payment_captured", payment, at=payment.captured_at)


def refund(payment: RefundedPayment) -> Posting:
    """Money was given back before anything was delivered: nobody owes anybody anything."""
    return _moved("payment_refunded", payment, at=payment.refunded_at)


def _moved(template: str, payment: MovedPayment, *, at: str) -> Posting:
    return Posting(
        template=template,
        amounts={"amount": Money(payment.amount.amount, payment.amount.currency)},
        dimensions={"psp": payment.psp},
        references={"order_id": payment.order_id, "payment_id": payment.payment_id},
        effective=clock.parse(at),
    )


def post(
    posting: Posting, *, cause_event_id: str, journal: JournalWriter, now: datetime, trace: Trace
) -> Outcome:
    """Post it whole; raises PostingRejected if its template does not take what it brings."""
    transaction = Transaction(
        id=domain.transaction_id(cause_event_id, posting.template),
        template=posting.template,
        cause_event_id=cause_event_id,
        effective_at=clock.rfc3339(posting.effective),
        recorded_at=clock.rfc3339(now),
        entries=domain.entries_of(
            posting.template, amounts=posting.amounts, dimensions=posting.dimensions
        ),
        references=posting.references,
    )
    event = events.event(
        TransactionPosted(
            transaction_id=transaction.id,
            template=transaction.template,
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
