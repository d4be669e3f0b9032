"""What payments publishes. No payment method, no client secret: ids and money only."""

from datetime import datetime
from typing import ClassVar

from payments.domain.payment import Payment, Status
from shop.events import Event, EventData, MoneyData, event
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


class PaymentFailed(EventData):
    """No money moved. `code` is the provider's decline code, else the problem that ended it."""

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


def status_reached(payment: Payment, *, now: datetime, trace: Trace) -> Event:
    """The event of the status that this version of the payment has reached."""
    data = _BY_STATUS[payment.status].model_validate(
        {
            "payment_id": payment.payment_id,
            "order_id": payment.order_id,
            "customer_id": payment.customer_id,
            "psp": payment.psp,
            "psp_reference": payment.psp_reference,
            "amount": None if payment.amount is None else payment.amount.to_dict(),
            "captured_at": payment.captured_at,
            "code": payment.decline_code or payment.problem_code,
        }
    )
    return event(
        data,
        producer="payments",
        subject=payment.payment_id,
        sequence=payment.version,
        now=now,
        trace=trace,
    )
