"""What Stripe's words mean in ours: pure transformers, the only place that knows its statuses.

A status that is not in the table is unknown, never success and never failure.
"""

import re
from collections.abc import Mapping
from typing import Any

from payments.domain.payment import ProviderPayment, PspState
from payments.service.ports import WebhookEvent
from shop.money import EXPONENTS, Money

_STATES = {
    "requires_confirmation": PspState.CREATED,
    "requires_action": PspState.REQUIRES_ACTION,
    "requires_capture": PspState.AUTHORIZED,
    "succeeded": PspState.CAPTURED,
    "canceled": PspState.VOIDED,
}
# Of a refund. Money that is on its way back is given back: Stripe owes it to the customer.
REFUNDED = frozenset({"succeeded", "pending"})
REFUNDED_BEFORE = "charge_already_refunded"
# Where Stripe's unit is not ISO 4217's: ISK and UGX are written with two decimals that must be 00,
# MGA without its fifths. Amounts with three decimals end in 0.
_NAME = re.compile(r"[\w.]{1,200}", re.ASCII)  # ids and types of theirs, and our ids
METHOD = re.compile(r"pm_\w{1,96}", re.ASCII)
_FACTORS = {"ISK": (100, 1), "UGX": (100, 1), "MGA": (1, 100)}


def to_stripe(money: Money) -> int:
    """Minor units as Stripe counts them; ValueError for an amount that it cannot take."""
    up, down = _FACTORS.get(money.currency, (1, 1))
    amount, rest = divmod(money.amount * up, down)
    exponent = EXPONENTS[money.currency]
    if rest or exponent > 3 or (exponent == 3 and amount % 10):
        raise ValueError(f"Stripe cannot charge this amount of {money.currency}")
    return amount


def of_stripe(amount: int, currency: str) -> Money:
    """Inverse of `to_stripe`; ValueError if Stripe names an amount that is none of ours."""
    code = currency.upper()
    up, down = _FACTORS.get(code, (1, 1))
    ours, rest = divmod(amount * down, up)
    if rest:
        raise ValueError(f"not whole minor units of {code}")
    return Money(ours, code)


def seen(intent: Mapping[str, Any]) -> ProviderPayment:
    """A PaymentIntent in our words."""
    state = _STATES.get(intent["status"], PspState.UNKNOWN)
    error = intent.get("last_payment_error")
    if intent["status"] == "requires_payment_method" and error:
        # The card was declined, or the customer failed to authenticate.
        state = PspState.DECLINED
    amount = intent["amount"]
    if state is PspState.CAPTURED:
        received = intent.get("amount_received")
        amount = amount if received is None else received
    return ProviderPayment(
        reference=intent["id"],
        state=state,
        amount=of_stripe(amount, intent["currency"]),
        decline_code=_decline_code(error) if state is PspState.DECLINED else None,
        next_action=_next_action(intent) if state is PspState.REQUIRES_ACTION else None,
    )


def declined(reference: str, amount: Money, error: Any) -> ProviderPayment:
    """A CardError, which Stripe answers instead of the intent."""
    body = getattr(error, "json_body", None)
    details = body.get("error") if isinstance(body, dict) else None
    return ProviderPayment(
        reference, PspState.DECLINED, amount, decline_code=_decline_code(details)
    )


def notice(event: Any) -> WebhookEvent:
    """Which payment a webhook event is about; ValueError if it is no event of Stripe's.

    No more is read of it: what its body says of a payment is old by the time that it is read.
    """
    event_id, kind = _text(event, "id"), _text(event, "type")
    if not event_id or not kind or event.get("object") != "event":
        raise ValueError("not an event")
    data = event.get("data")
    intent = data.get("object") if isinstance(data, Mapping) else None
    if not isinstance(intent, Mapping) or intent.get("object") != "payment_intent":
        return WebhookEvent(event_id, kind)
    return WebhookEvent(
        event_id, kind, _text(intent.get("metadata"), "payment"), _text(intent, "id")
    )


def is_about_method(error: Any) -> bool:
    """Whether creating an intent failed because of the payment method alone."""
    return getattr(error, "param", None) == "payment_method" or error.http_status == 404


def code_of(error: Any) -> str:
    """The machine-readable reason; never the text, which may quote the request."""
    return getattr(error, "code", None) or type(error).__name__


def _text(data: Any, name: str) -> str | None:
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _decline_code(error: Any) -> str:
    """`decline_code` is the bank's reason, `code` what Stripe makes of it."""
    error = error if isinstance(error, Mapping) else {}
    return error.get("decline_code") or error.get("code") or "card_declined"


def _next_action(intent: Mapping[str, Any]) -> dict[str, Any]:
    """What the customer's browser needs to authenticate, and nothing else."""
    action = intent.get("next_action") or {}
    kind = action.get("type") or "use_stripe_sdk"
    if kind == "redirect_to_url":
        return {"type": kind, "url": (action.get(kind) or {}).get("url")}
    return {"type": kind, "client_secret": intent.get("client_secret")}
