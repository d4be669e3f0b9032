"""HTTP bodies of the payment routes."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from shop.schemas import Body, MoneyOut, OrderId, Out, PaymentId, PaymentMethod, ReturnUrl


class PaymentIn(Body):
    """Pay an order. The amount is the order's total."""

    order_id: OrderId
    payment_method: PaymentMethod
    capture: Literal["auto", "manual"] = "auto"
    return_url: ReturnUrl | None = None


class NextAction(Out):
    """What the customer has to do; further members depend on `type`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: Annotated[str, Field(examples=["redirect_to_url", "use_stripe_sdk"])]


Status = Literal[
    "pending", "requires_action", "unknown", "authorized", "captured", "failed", "voided"
]


class PaymentOut(Out):
    """A payment. `amount` is null until the order was found payable."""

    payment_id: PaymentId
    order_id: OrderId
    status: Status
    amount: MoneyOut | None
    psp: str
    psp_reference: str | None
    capture: Literal["auto", "manual"]
    next_action: NextAction | None
    created_at: str
    updated_at: str


class Attempt(Out):
    """One try at one provider."""

    attempt_id: str
    psp: str
    psp_reference: str
    status: Status
    decline_code: str | None


class PaymentDetailOut(PaymentOut):
    """A payment with what was tried for it."""

    captured_at: str | None
    decline_code: str | None
    attempts: list[Attempt]


class WebhookOut(Out):
    """The provider need not send it again."""

    received: Literal[True] = True


def detail(payment: dict[str, Any], attempts: list[dict[str, Any]]) -> PaymentDetailOut:
    """Check and build the answer of GET."""
    return PaymentDetailOut.model_validate({**payment, "attempts": attempts})
