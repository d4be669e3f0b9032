"""The contract of the checkout machine: what an execution and each of its tasks take and give.

Who starts an execution builds an `…Input`; a step gets its `…Task` and returns one of its outcomes;
an execution ends with a `CheckoutResult`. `shop.strict` checks every one of them where it is read,
and a test compares state_machines/checkout.asl.json with these types: what a Task state passes is
what its step needs, nothing else. Types only, so that a step function imports little for them.

An outcome is named by its field `outcome`, which the machine's choices read. A fault is none.
"""

from __future__ import annotations  # Types are looked up by the steps that use them, not at import.

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol

from shop.idempotency import StoredResponse
from shop.strict import Message
from shop.trace import Trace

CaptureMethod = Literal["automatic", "manual"]
OrderStatus = Literal["pending", "placed", "paid", "cancelled", "rejected"]
# What a service gives to itself through the machine, to save a read; no other looks into it.
OwnState = Mapping[str, Any]


class ExecutionFailed(Exception):
    """An execution did not end well: nothing is known here but what the tables say."""


# What an execution starts with.
class OrderLine(Message):
    """What is wanted; a SKU stands once."""

    sku: str
    quantity: int


class Destination(Message):
    """As much of the address as prices and stock need: no personal data.

    `region` is the part of the country that tax or delivery treats on its own: the ISO 3166-2 code
    without its country (`CA`), or a name where there is none; None where nothing depends on it.
    """

    country: str
    region: str | None


class NewOrder(Message):
    """An order as its request stored it, still pending."""

    order_id: str
    customer_id: str
    currency: str
    lines: tuple[OrderLine, ...]
    ship_to: Destination
    created_at: str


class OrderRef(Message):
    """An order that was placed, or is to be undone."""

    order_id: str
    customer_id: str


class PaymentDetails(Message):
    """What a payment was asked for with. `sealed` is what of it is personal (payer_details.py)."""

    sealed: str
    capture_method: CaptureMethod


class PaymentRequest(Message):
    """The payment to make or to go on with; without details those in its row hold."""

    payment_id: str
    details: PaymentDetails | None


class PlaceInput(Message):
    """POST /orders: price, reserve, place."""

    mode: Literal["order"] = "order"
    order: NewOrder
    trace: Trace


class CheckoutInput(Message):
    """POST /checkout: place and pay; only pay, if it was `placed` before."""

    mode: Literal["checkout"] = "checkout"
    placed: bool
    order: NewOrder
    payment: PaymentRequest
    trace: Trace


class PayInput(Message):
    """A payment of a placed order, or the rest of one."""

    mode: Literal["payment"] = "payment"
    order: OrderRef
    payment: PaymentRequest
    trace: Trace


class AbandonInput(Message):
    """Undo an order and the payment that has it, if there is one."""

    mode: Literal["abandon"] = "abandon"
    order: OrderRef
    payment: PaymentRequest | None
    trace: Trace


ExecutionInput = PlaceInput | CheckoutInput | PayInput | AbandonInput


class CheckoutResult(Message):
    """How an execution ended. The first answer of the request; an abandoned order has none."""

    outcome: Literal[
        "placed", "rejected", "paid", "cancelled",
        "authorized", "captured", "requires_action", "declined", "voided", "failed",
        "abandoned",
    ]  # fmt: skip
    answer: StoredResponse | None


class Checkout(Protocol):
    """Who runs executions; `checkout_execution.py` has the real one."""

    def run(self, data: ExecutionInput, *, timeout_s: float) -> CheckoutResult:
        """Run one and wait for its end; ExecutionFailed if that is not known to be good."""

    def start(self, data: ExecutionInput) -> None:
        """Start one and leave it."""


# Catalog.
class PriceTask(Message):
    """What the order costs now."""

    STEP: ClassVar[str] = "price"
    lines: tuple[OrderLine, ...]
    currency: str
    ship_to: Destination
    trace: Trace


class PricedLine(Message):
    """One SKU of a priced order, in minor units of its currency."""

    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: int
    total: int


class Priced(Message):
    """All amounts in minor units of the order's currency."""

    outcome: Literal["priced"] = "priced"
    lines: tuple[PricedLine, ...]
    subtotal: int
    shipping: int
    tax: int
    total: int


class UnknownSkus(Message):
    """These are not on sale."""

    outcome: Literal["unknown_sku"] = "unknown_sku"
    skus: tuple[str, ...]


class CurrencyNotOffered(Message):
    """At least one line has no price in the currency of the order."""

    outcome: Literal["currency_not_offered"] = "currency_not_offered"


class TotalTooLarge(Message):
    """It costs more than one payment can take."""

    outcome: Literal["total_too_large"] = "total_too_large"
    max_total: int


class DestinationNotServed(Message):
    """Goods do not go there."""

    outcome: Literal["destination_not_served"] = "destination_not_served"


PriceOutcome = Priced | UnknownSkus | CurrencyNotOffered | TotalTooLarge | DestinationNotServed


# Inventory.
class ReserveTask(Message):
    """Reserve all lines for a while, or none."""

    STEP: ClassVar[str] = "reserve"
    order_id: str
    lines: tuple[OrderLine, ...]
    ship_to: Destination
    trace: Trace


class CommitTask(Message):
    """What is reserved is sold. Undone by `release`."""

    STEP: ClassVar[str] = "commit"
    order_id: str
    trace: Trace


class ReleaseTask(Message):
    """Nothing stays reserved or sold, whatever there was."""

    STEP: ClassVar[str] = "release"
    order_id: str
    trace: Trace


class StockReservation(Message):
    """The order's reservation."""

    reservation_id: str
    expires_at: str


class Reserved(Message):
    """Reserved now or before; `committed` if the order got that far before."""

    outcome: Literal["reserved", "committed"]
    reservation: StockReservation


class Shortage(Message):
    """A SKU of which there is less than asked for."""

    sku: str
    requested: int
    available: int


class OutOfStock(Message):
    """Nothing was reserved, because of these."""

    outcome: Literal["out_of_stock"] = "out_of_stock"
    short: tuple[Shortage, ...]


class Committed(Message):
    """The units have left the stock."""

    outcome: Literal["committed"] = "committed"


class Expired(Message):
    """The reservation ended before."""

    outcome: Literal["expired"] = "expired"


class Released(Message):
    """Nothing is reserved, and nothing can be any more."""

    outcome: Literal["released"] = "released"


ReserveOutcome = Reserved | OutOfStock | Released
CommitOutcome = Committed | Expired | Released
Rejection = (
    UnknownSkus | CurrencyNotOffered | TotalTooLarge | DestinationNotServed | OutOfStock | Released
)


# Orders.
class PlaceTask(Message):
    """pending -> placed, with prices and reservation."""

    STEP: ClassVar[str] = "place"
    kind: Literal["order", "checkout"]
    order: NewOrder
    priced: Priced
    reservation: StockReservation
    trace: Trace


class RejectTask(Message):
    """pending -> rejected, for what price or reserve said."""

    STEP: ClassVar[str] = "reject"
    kind: Literal["order", "checkout"]
    order: NewOrder
    cause: Rejection
    trace: Trace


class PlaceOutcome(Message):
    """`closed`: the order has ended meanwhile. The answer is there if the request has one."""

    outcome: Literal["placed", "closed"]
    answer: StoredResponse | None


class RejectOutcome(Message):
    """`placed`: it was placed before."""

    outcome: Literal["placed", "rejected"]
    answer: StoredResponse | None


class AttachPaymentTask(Message):
    """Give a placed order to one payment, for good."""

    STEP: ClassVar[str] = "attach_payment"
    order_id: str
    customer_id: str
    payment_id: str
    trace: Trace


class PaymentAttached(Message):
    """The payment has the order. `cancelling`: to be undone with it, whatever was the plan."""

    outcome: Literal["attached", "cancelling"]
    payment_id: str
    amount: int
    currency: str
    lines: tuple[OrderLine, ...]
    ship_to: Destination
    order: OwnState


class NotPayable(Message):
    """Not by this payment; `code` is a problem's."""

    outcome: Literal["not_payable"] = "not_payable"
    payment_id: str
    code: str
    detail: str


class NotAttached(Message):
    """No payment has asked for the order in this execution."""

    outcome: Literal["none"] = "none"


AttachPaymentOutcome = PaymentAttached | NotPayable


# Payments.
class AuthorizeTask(Message):
    """Authorise the order's total. Undone by `void`."""

    STEP: ClassVar[str] = "authorize"
    payment: PaymentRequest
    order_id: str
    customer_id: str
    amount: int
    currency: str
    trace: Trace


class CaptureTask(Message):
    """Take the authorised money: the pivot. `payment` is what authorize gave along."""

    STEP: ClassVar[str] = "capture"
    payment: OwnState
    trace: Trace


class VoidTask(Message):
    """Nothing stays authorised, and a late attempt to authorise stops; the reason as a problem."""

    STEP: ClassVar[str] = "void"
    payment_id: str
    order_id: str
    customer_id: str
    code: str
    detail: str
    trace: Trace


class FailPaymentTask(Message):
    """The order cannot be paid by this payment: end the payment alone, with this problem."""

    STEP: ClassVar[str] = "fail_payment"
    payment_id: str
    code: str
    detail: str
    trace: Trace


class Authorized(Message):
    """The money is held for us. `answer` is the first one if all goes on well."""

    outcome: Literal["authorized"] = "authorized"
    answer: StoredResponse
    payment: Mapping[str, Any]  # as GET /payments/{payment_id} shows it
    capture_method: CaptureMethod
    state: OwnState


class Captured(Message):
    """The money is taken."""

    outcome: Literal["captured"] = "captured"
    answer: StoredResponse
    payment: Mapping[str, Any]
    capture_method: CaptureMethod


class RequiresAction(Message):
    """The customer has to authenticate first."""

    outcome: Literal["requires_action"] = "requires_action"
    answer: StoredResponse
    payment: Mapping[str, Any]


class Declined(Message):
    """No money moved, for good; `code` is a problem's, `decline_code` the provider's."""

    outcome: Literal["declined"] = "declined"
    answer: StoredResponse
    code: str
    detail: str
    decline_code: str | None


class Voided(Message):
    """Nothing is authorised, and nothing can be any more."""

    outcome: Literal["voided"] = "voided"
    answer: StoredResponse


class Unknown(Message):
    """The provider does not say: nobody may guess. The next execution asks again."""

    outcome: Literal["unknown"] = "unknown"


class CaptureFailed(Message):
    """The provider refused to take the money that it held."""

    outcome: Literal["failed"] = "failed"


class PaymentFailed(Message):
    """The payment was ended alone, or never began."""

    outcome: Literal["failed"] = "failed"
    answer: StoredResponse


class NoPayment(Message):
    """No payment step has run in this execution."""

    outcome: Literal["none"] = "none"


AuthorizeOutcome = Authorized | Captured | RequiresAction | Declined | Voided | Unknown
CaptureOutcome = Captured | Authorized | CaptureFailed
VoidOutcome = Voided | Captured
FailPaymentOutcome = PaymentFailed | Captured
FinalPayment = Authorized | Captured | RequiresAction | Declined | Voided | NoPayment


# Orders again: the end of every path.
class Undo(Message):
    """Why an execution undoes its order: a problem's code and detail, and the order's reason."""

    code: str
    reason: str
    detail: str


class FinalizeTask(Message):
    """End the order by what became of its payment, and answer POST /checkout."""

    STEP: ClassVar[str] = "finalize"
    order_id: str
    attached: PaymentAttached | NotPayable | NotAttached
    payment: FinalPayment
    undo: Undo
    trace: Trace


class Finalized(Message):
    """How the order stands."""

    outcome: Literal["finalized"] = "finalized"
    status: OrderStatus
    answer: StoredResponse | None


# The steps of the machine: what each takes and gives.
STEPS: Mapping[type[Any], Any] = {
    PriceTask: PriceOutcome,
    ReserveTask: ReserveOutcome,
    CommitTask: CommitOutcome,
    ReleaseTask: Released,
    PlaceTask: PlaceOutcome,
    RejectTask: RejectOutcome,
    AttachPaymentTask: AttachPaymentOutcome,
    AuthorizeTask: AuthorizeOutcome,
    CaptureTask: CaptureOutcome,
    VoidTask: VoidOutcome,
    FailPaymentTask: FailPaymentOutcome,
    FinalizeTask: Finalized,
}
