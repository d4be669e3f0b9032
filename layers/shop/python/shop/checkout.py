"""The contract of the checkout machine: what an execution and each of its tasks take and give.

Who starts an execution builds an `…Input`; a step gets its `…Task` and returns one of its outcomes;
an execution ends with a `CheckoutResult`. `shop.strict` checks every one of them where it is read,
and a test compares state_machines/checkout.asl.json with these types: what a Task state passes is
what its step needs, nothing else. Types only, so that a step function imports little for them.

An outcome is named by its field `outcome`, which the machine's choices read. A fault is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeVar, dataclass_transform

from shop.idempotency import Answer
from shop.trace import Trace

T = TypeVar("T")
CaptureMethod = Literal["automatic", "manual"]
OrderStatus = Literal["pending", "placed", "paid", "cancelled", "rejected"]
# What a service gives to itself through the machine, to save a read; no other looks into it.
OwnState = Mapping[str, Any]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def message(cls: type[T]) -> type[T]:
    """A part of the contract."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


class ExecutionFailed(Exception):
    """An execution did not end well: nothing is known here but what the tables say."""


# What an execution starts with.
@message
class OrderLine:
    """What is wanted; a SKU stands once."""

    sku: str
    quantity: int


@message
class Destination:
    """As much of the address as prices and stock need: no personal data."""

    country: str
    region: str | None


@message
class NewOrder:
    """An order as its request stored it, still pending."""

    order_id: str
    customer_id: str
    currency: str
    lines: tuple[OrderLine, ...]
    ship_to: Destination
    created_at: str


@message
class OrderRef:
    """An order that was placed, or is to be undone."""

    order_id: str
    customer_id: str


@message
class PaymentDetails:
    """What a payment was asked for with. `payment_method` is the provider's token."""

    payment_method: str
    capture_method: CaptureMethod
    return_url: str | None


@message
class PaymentRequest:
    """The payment to make or to go on with; without details those in its row hold."""

    payment_id: str
    details: PaymentDetails | None


@message
class PlaceInput:
    """POST /orders: price, reserve, place."""

    mode: Literal["order"] = "order"
    order: NewOrder
    trace: Trace


@message
class CheckoutInput:
    """POST /checkout: place and pay; only pay, if it was `placed` before."""

    mode: Literal["checkout"] = "checkout"
    placed: bool
    order: NewOrder
    payment: PaymentRequest
    trace: Trace


@message
class PayInput:
    """A payment of a placed order, or the rest of one."""

    mode: Literal["payment"] = "payment"
    order: OrderRef
    payment: PaymentRequest
    trace: Trace


@message
class AbandonInput:
    """Undo an order and the payment that has it, if there is one."""

    mode: Literal["abandon"] = "abandon"
    order: OrderRef
    payment: PaymentRequest | None
    trace: Trace


ExecutionInput = PlaceInput | CheckoutInput | PayInput | AbandonInput


@message
class CheckoutResult:
    """How an execution ended. The first answer of the request; an abandoned order has none."""

    outcome: Literal[
        "placed", "rejected", "paid", "cancelled",
        "authorized", "captured", "requires_action", "declined", "voided", "failed",
        "abandoned",
    ]  # fmt: skip
    answer: Answer | None


class Checkout(Protocol):
    """Who runs executions; `checkout_execution.py` has the real one."""

    def run(self, data: ExecutionInput, *, timeout_s: float) -> CheckoutResult:
        """Run one and wait for its end; ExecutionFailed if that is not known to be good."""

    def start(self, data: ExecutionInput) -> None:
        """Start one and leave it."""


# Catalog.
@message
class PriceTask:
    """What the order costs now."""

    STEP: ClassVar[str] = "price"
    lines: tuple[OrderLine, ...]
    currency: str
    ship_to: Destination
    trace: Trace


@message
class PricedLine:
    """One SKU of a priced order, in minor units of its currency."""

    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: int
    total: int


@message
class Priced:
    """All amounts in minor units of the order's currency."""

    outcome: Literal["priced"] = "priced"
    lines: tuple[PricedLine, ...]
    subtotal: int
    shipping: int
    tax: int
    total: int


@message
class UnknownSkus:
    """These are not on sale."""

    outcome: Literal["unknown_sku"] = "unknown_sku"
    skus: tuple[str, ...]


@message
class CurrencyNotOffered:
    """At least one line has no price in the currency of the order."""

    outcome: Literal["currency_not_offered"] = "currency_not_offered"


@message
class TotalTooLarge:
    """It costs more than one payment can take."""

    outcome: Literal["total_too_large"] = "total_too_large"
    max_total: int


PriceOutcome = Priced | UnknownSkus | CurrencyNotOffered | TotalTooLarge


# Inventory.
@message
class ReserveTask:
    """Reserve all lines for a while, or none."""

    STEP: ClassVar[str] = "reserve"
    order_id: str
    lines: tuple[OrderLine, ...]
    ship_to: Destination
    trace: Trace


@message
class CommitTask:
    """What is reserved is sold. Undone by `release`."""

    STEP: ClassVar[str] = "commit"
    order_id: str
    trace: Trace


@message
class ReleaseTask:
    """Nothing stays reserved or sold, whatever there was."""

    STEP: ClassVar[str] = "release"
    order_id: str
    trace: Trace


@message
class StockReservation:
    """The order's reservation."""

    reservation_id: str
    expires_at: str


@message
class Reserved:
    """Reserved now or before; `committed` if the order got that far before."""

    outcome: Literal["reserved", "committed"]
    reservation: StockReservation


@message
class ShortLine:
    """A SKU of which there is less than asked for."""

    sku: str
    requested: int
    available: int


@message
class OutOfStock:
    """Nothing was reserved, because of these."""

    outcome: Literal["out_of_stock"] = "out_of_stock"
    short: tuple[ShortLine, ...]


@message
class Committed:
    """The units have left the stock."""

    outcome: Literal["committed"] = "committed"


@message
class Expired:
    """The reservation ended before."""

    outcome: Literal["expired"] = "expired"


@message
class Released:
    """Nothing is reserved, and nothing can be any more."""

    outcome: Literal["released"] = "released"


ReserveOutcome = Reserved | OutOfStock | Released
CommitOutcome = Committed | Expired | Released
Rejection = UnknownSkus | CurrencyNotOffered | TotalTooLarge | OutOfStock | Released


# Orders.
@message
class PlaceTask:
    """pending -> placed, with prices and reservation."""

    STEP: ClassVar[str] = "place"
    kind: Literal["order", "checkout"]
    order: NewOrder
    priced: Priced
    reservation: StockReservation
    trace: Trace


@message
class RejectTask:
    """pending -> rejected, for what price or reserve said."""

    STEP: ClassVar[str] = "reject"
    kind: Literal["order", "checkout"]
    order: NewOrder
    cause: Rejection
    trace: Trace


@message
class PlaceOutcome:
    """`closed`: the order has ended meanwhile. The answer is there if the request has one."""

    outcome: Literal["placed", "closed"]
    answer: Answer | None


@message
class RejectOutcome:
    """`placed`: it was placed before."""

    outcome: Literal["placed", "rejected"]
    answer: Answer | None


@message
class AttachPaymentTask:
    """Give a placed order to one payment, for good."""

    STEP: ClassVar[str] = "attach_payment"
    order_id: str
    customer_id: str
    payment_id: str
    trace: Trace


@message
class PaymentAttached:
    """The payment has the order. `cancelling`: to be undone with it, whatever was the plan."""

    outcome: Literal["attached", "cancelling"]
    payment_id: str
    amount: int
    currency: str
    lines: tuple[OrderLine, ...]
    ship_to: Destination
    order: OwnState


@message
class NotPayable:
    """Not by this payment; `code` is a problem's."""

    outcome: Literal["not_payable"] = "not_payable"
    payment_id: str
    code: str
    detail: str


@message
class NotAttached:
    """No payment has asked for the order in this execution."""

    outcome: Literal["none"] = "none"


AttachPaymentOutcome = PaymentAttached | NotPayable


# Payments.
@message
class AuthorizeTask:
    """Authorise the order's total. Undone by `void`."""

    STEP: ClassVar[str] = "authorize"
    payment: PaymentRequest
    order_id: str
    customer_id: str
    amount: int
    currency: str
    trace: Trace


@message
class CaptureTask:
    """Take the authorised money: the pivot. `payment` is what authorize gave along."""

    STEP: ClassVar[str] = "capture"
    payment: OwnState
    trace: Trace


@message
class VoidTask:
    """Nothing stays authorised, and a late attempt to authorise stops; the reason as a problem."""

    STEP: ClassVar[str] = "void"
    payment_id: str
    order_id: str
    customer_id: str
    code: str
    detail: str
    trace: Trace


@message
class FailPaymentTask:
    """The order cannot be paid by this payment: end the payment alone, with this problem."""

    STEP: ClassVar[str] = "fail_payment"
    payment_id: str
    code: str
    detail: str
    trace: Trace


@message
class Authorized:
    """The money is held for us. `answer` is the first one if all goes on well."""

    outcome: Literal["authorized"] = "authorized"
    answer: Answer
    payment: Mapping[str, Any]  # as GET /payments/{payment_id} shows it
    capture_method: CaptureMethod
    state: OwnState


@message
class Captured:
    """The money is taken."""

    outcome: Literal["captured"] = "captured"
    answer: Answer
    payment: Mapping[str, Any]
    capture_method: CaptureMethod


@message
class RequiresAction:
    """The customer has to authenticate first."""

    outcome: Literal["requires_action"] = "requires_action"
    answer: Answer
    payment: Mapping[str, Any]


@message
class Declined:
    """No money moved, for good; `code` is a problem's, `decline_code` the provider's."""

    outcome: Literal["declined"] = "declined"
    answer: Answer
    code: str
    detail: str
    decline_code: str | None


@message
class Voided:
    """Nothing is authorised, and nothing can be any more."""

    outcome: Literal["voided"] = "voided"
    answer: Answer


@message
class Unknown:
    """The provider does not say: nobody may guess. The next execution asks again."""

    outcome: Literal["unknown"] = "unknown"


@message
class CaptureFailed:
    """The provider refused to take the money that it held."""

    outcome: Literal["failed"] = "failed"


@message
class PaymentFailed:
    """The payment was ended alone, or never began."""

    outcome: Literal["failed"] = "failed"
    answer: Answer


@message
class NoPayment:
    """No payment step has run in this execution."""

    outcome: Literal["none"] = "none"


AuthorizeOutcome = Authorized | Captured | RequiresAction | Declined | Voided | Unknown
CaptureOutcome = Captured | Authorized | CaptureFailed
VoidOutcome = Voided | Captured
FailPaymentOutcome = PaymentFailed | Captured
FinalPayment = Authorized | Captured | RequiresAction | Declined | Voided | NoPayment


# Orders again: the end of every path.
@message
class Undo:
    """Why an execution undoes its order: a problem's code and detail, and the order's reason."""

    code: str
    reason: str
    detail: str


@message
class FinalizeTask:
    """End the order by what became of its payment, and answer POST /checkout."""

    STEP: ClassVar[str] = "finalize"
    order_id: str
    attached: PaymentAttached | NotPayable | NotAttached
    payment: FinalPayment
    undo: Undo
    trace: Trace


@message
class Finalized:
    """How the order stands."""

    outcome: Literal["finalized"] = "finalized"
    status: OrderStatus
    answer: Answer | None


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
