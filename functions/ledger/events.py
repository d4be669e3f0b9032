"""Events of the ledger: what it publishes, and the part that it reads of others' events."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from shop.events import EventData, EventView, MoneyData


class EntryData(BaseModel):
    """One entry of a transaction."""

    model_config = ConfigDict(frozen=True)

    account: str
    side: Literal["debit", "credit"]
    amount: MoneyData


class TransactionPosted(EventData):
    """A transaction stands in the ledger. Subject: the transaction."""

    TYPE: ClassVar[str] = "ledger.transaction_posted"

    transaction_id: str
    template: str
    cause_event_id: str
    entries: list[EntryData]


class PostedTransaction(EventView):
    """What balances read of ledger.transaction_posted."""

    transaction_id: str
    entries: list[EntryData]


class CapturedPayment(EventView):
    """What is read of payment.captured."""

    payment_id: str
    order_id: str
    psp: str
    amount: MoneyData
    captured_at: str


class RefundedPayment(EventView):
    """What is read of payment.refunded."""

    payment_id: str
    order_id: str
    psp: str
    amount: MoneyData
    refunded_at: str
