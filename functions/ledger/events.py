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

    TYPES: ClassVar[tuple[str, ...]] = ("ledger.transaction_posted",)

    transaction_id: str
    entries: list[EntryData]


class MovedPayment(EventView):
    """What is read of every event of a payment by which money moved at the provider."""

    payment_id: str
    order_id: str
    psp: str
    amount: MoneyData


class CapturedPayment(MovedPayment):
    """What is read of payment.captured."""

    TYPES: ClassVar[tuple[str, ...]] = ("payment.captured",)

    captured_at: str


class RefundedPayment(MovedPayment):
    """What is read of payment.refunded."""

    TYPES: ClassVar[tuple[str, ...]] = ("payment.refunded",)

    refunded_at: str
