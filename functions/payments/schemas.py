"""HTTP bodies of the payment routes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from payments.domain.payment import Payment
from shop.checkout import CaptureMethod
from shop.schemas import (
    MoneyOut,
    OrderId,
    PaymentId,
    PaymentMethod,
    RequestModel,
    ResponseModel,
    ReturnUrl,
)


class PaymentIn(RequestModel):
    """Pay an order. The amount is the order's total."""

    order_id: OrderId
    payment_method: PaymentMethod
    capture_method: CaptureMethod = "automatic"
    return_url: ReturnUrl | None = None


NextActionType = Annotated[str, Field(examples=["redirect_to_url", "use_stripe_sdk"])]


class NextAction(ResponseModel):
    """That the customer has to do something; what it takes is in `GET /payments/{payment_id}`."""

    type: NextActionType


class NextActionDetail(ResponseModel):
    """What the customer has to do; further members depend on `type`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: NextActionType


Status = Literal[
    "pending", "requires_action", "unknown", "authorized", "captured", "failed", "voided"
]


class PaymentOut(ResponseModel):
    """A payment. `amount` is null until the order was found payable."""

    payment_id: PaymentId
    order_id: OrderId
    status: Status
    amount: MoneyOut | None
    psp: str
    psp_reference: str | None
    capture_method: CaptureMethod
    next_action: NextAction | None
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, payment: Payment, *, for_customer: bool = True) -> "PaymentOut":
        """The payment as its owner sees it; others are not shown what only that one can do."""
        return cls.model_validate(_shown(payment, for_customer))


class Attempt(ResponseModel):
    """One try at one provider."""

    attempt_id: str
    psp: str
    psp_reference: str
    status: Status
    decline_code: str | None


class PaymentDetailOut(PaymentOut):
    """A payment with what was tried for it."""

    next_action: NextActionDetail | None  # type: ignore[assignment]  # with further members
    captured_at: str | None
    refunded_at: str | None
    decline_code: str | None
    attempts: list[Attempt]

    @classmethod
    def detailed(
        cls, payment: Payment, *, for_customer: bool, action: Mapping[str, Any] | None = None
    ) -> "PaymentDetailOut":
        """Never the payment method itself. `action` is as the provider has it now."""
        declined = payment.customer_decline_code if for_customer else payment.decline_code
        attempt = {
            "attempt_id": payment.attempt_id,
            "psp": payment.psp,
            "psp_reference": payment.psp_reference,
            "status": payment.status.value,
            "decline_code": declined,
        }
        shown = _shown(payment, for_customer)
        return cls.model_validate(
            {
                **shown,
                "next_action": action or shown["next_action"],
                "captured_at": payment.captured_at,
                "refunded_at": payment.refunded_at,
                "decline_code": declined,
                "attempts": [] if payment.psp_reference is None else [attempt],
            }
        )


class WebhookOut(ResponseModel):
    """The provider need not send it again."""

    received: Literal[True] = True


def _shown(payment: Payment, for_customer: bool) -> dict[str, object]:
    action = payment.next_action if for_customer else None
    return {
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "status": payment.status.value,
        "amount": None if payment.amount is None else payment.amount.to_dict(),
        "psp": payment.psp,
        "psp_reference": payment.psp_reference,
        "capture_method": payment.capture_method,
        "next_action": None if action is None else {"type": action},
        "created_at": payment.created_at,
        "updated_at": payment.updated_at,
    }
