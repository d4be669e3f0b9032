"""What payments publishes. No payment method, no client secret: ids and money only."""

from datetime import datetime
from typing import Any, ClassVar

from payments.domain.payment import Payment, Status
from shop.events import Event, EventData, EventView, MoneyData, event
from shop.trace import Trace


class _AtPsp(EventData):
    payment_id: str
    order_id: str
    customer_id: str
    psp: str
    psp_reference: str


class PaymentRequiresAction(_AtPsp):
    """The customer has to authenticate (3-D Secure) before the money can be held."""

    TYPE: ClassVar[str] = "payment.requires_action"


class PaymentUnknown(_AtPsp):
    """The provider did not say what became of the payment; it is asked again."""

    TYPE: ClassVar[str] = "payment.unknown"


class PaymentAuthorized(_AtPsp):
    """The money is held."""

    TYPE: ClassVar[str] = "payment.authorized"

    amount: MoneyData


class PaymentCaptured(_AtPsp):
    """The money is taken."""

    TYPE: ClassVar[str] = "payment.captured"

    amount: MoneyData
    captured_at: str


class PaymentRefunded(_AtPsp):
    """All of the money was given back: its order could not keep it."""

    TYPE: ClassVar[str] = "payment.refunded"

    amount: MoneyData
    refunded_at: str


class StuckCheckout(EventView):
    """What is read of checkout.stuck: money is due back where that is the reason."""

    TYPES: ClassVar[tuple[str, ...]] = ("checkout.stuck",)

    order_id: str
    payment_id: str | None
    reason: str


class PaymentFailed(EventData):
    """No money moved. `code` is why it was declined, as its customer is told, else the problem."""

    TYPE: ClassVar[str] = "payment.failed"

    payment_id: str
    order_id: str
    customer_id: str
    code: str


class PaymentVoided(EventData):
    """Nothing is held any more. Without a reference the provider never knew of it."""

    TYPE: ClassVar[str] = "payment.voided"

    payment_id: str
    order_id: str
    customer_id: str
    psp: str
    psp_reference: str | None


_BY_STATUS: dict[Status, type[EventData]] = {
    Status.AUTHORIZED: PaymentAuthorized,
    Status.CAPTURED: PaymentCaptured,
    Status.FAILED: PaymentFailed,
    Status.REQUIRES_ACTION: PaymentRequiresAction,
    Status.UNKNOWN: PaymentUnknown,
    Status.VOIDED: PaymentVoided,
}


def status_reached(payment: Payment, *, now: datetime, trace: Trace) -> Event | None:
    """The event of the status that this version of the payment has reached.

    None of a payment that was asked for an order which its customer does not have: an event names
    its order, and would be filed there, among the events of somebody else.
    """
    if payment.is_of_no_order:
        return None
    return _event(
        _BY_STATUS[payment.status],
        payment,
        amount=None if payment.amount is None else payment.amount.to_dict(),
        captured_at=payment.captured_at,
        code=payment.customer_decline_code or payment.problem_code,
        now=now,
        trace=trace,
    )


def refunded(payment: Payment, *, now: datetime, trace: Trace, causation_id: str) -> Event:
    """The event of a refund."""
    return _event(
        PaymentRefunded,
        payment,
        amount=payment.total.to_dict(),
        refunded_at=payment.refunded_at,
        now=now,
        trace=trace,
        causation_id=causation_id,
    )


def _event(
    model: type[EventData],
    payment: Payment,
    *,
    now: datetime,
    trace: Trace,
    causation_id: str = "",
    **says: Any,
) -> Event:
    """What the event says besides is whichever of these and `says` its model has."""
    about = {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "customer_id": payment.customer_id,
        "psp": payment.psp,
        "psp_reference": payment.psp_reference,
    }
    return event(
        model.model_validate(about | says),
        producer="payments",
        subject=payment.payment_id,
        sequence=payment.version,
        now=now,
        trace=trace,
        causation_id=causation_id,
    )
