"""Every problem that payments answers beside those of all routes; its own types are made here."""

from shop.checkout_problems import (
    ACCOUNT_ERASED,
    CHECKOUT,
    CHECKOUT_INCOMPLETE,
    ORDER_CLOSED,
    ORDER_NOT_PAYABLE,
    PAYING,
    PAYMENT_DECLINED,
    PAYMENT_METHOD_INVALID,
)
from shop.problems import (
    IDEMPOTENCY_KEY_REUSED,
    INVALID_REQUEST,
    NOT_FOUND,
    REQUEST_IN_PROGRESS,
    ProblemType,
)

__all__ = [
    "ACCOUNT_ERASED",
    "CATALOGUE",
    "CHECKOUT",
    "CHECKOUT_INCOMPLETE",
    "IDEMPOTENCY_KEY_REUSED",
    "INVALID_REQUEST",
    "NOT_FOUND",
    "ORDER_CLOSED",
    "ORDER_NOT_PAYABLE",
    "PAYMENT_DECLINED",
    "PAYMENT_IN_PROGRESS",
    "PAYMENT_METHOD_INVALID",
    "PAYING",
    "PAYMENT_NOT_CONFIRMABLE",
    "WEBHOOK_NOT_SIGNED",
    "REQUEST_IN_PROGRESS",
]

PAYMENT_IN_PROGRESS = ProblemType(
    "payment_in_progress", 409, "Another payment of this order is under way"
)
PAYMENT_NOT_CONFIRMABLE = ProblemType(
    "payment_not_confirmable", 409, "The payment does not wait for a confirmation"
)
WEBHOOK_NOT_SIGNED = ProblemType(
    "webhook_not_signed", 400, "The provider has not signed this body just now"
)

CATALOGUE: dict[str, ProblemType] = {
    value.code: value for value in list(globals().values()) if isinstance(value, ProblemType)
}
