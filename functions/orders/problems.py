"""Every problem that orders answers beside those of all routes; its own types are made here."""

from shop.checkout_problems import (
    ACCOUNT_ERASED,
    CHECKOUT,
    CHECKOUT_INCOMPLETE,
    CURRENCY_NOT_OFFERED,
    ORDER_CLOSED,
    ORDER_NOT_PAYABLE,
    PAYING,
    PAYMENT_DECLINED,
    PAYMENT_METHOD_INVALID,
    UNKNOWN_SKU,
)
from shop.problems import IDEMPOTENCY_KEY_REUSED, NOT_FOUND, REQUEST_IN_PROGRESS, ProblemType

__all__ = [
    "ACCOUNT_ERASED",
    "CATALOGUE",
    "CHECKOUT",
    "CHECKOUT_INCOMPLETE",
    "CURRENCY_NOT_OFFERED",
    "DESTINATION_NOT_SERVED",
    "IDEMPOTENCY_KEY_REUSED",
    "NOT_FOUND",
    "ORDER_CLOSED",
    "ORDER_NOT_CANCELLABLE",
    "ORDER_NOT_PAYABLE",
    "ORDER_TOTAL_TOO_LARGE",
    "OUT_OF_STOCK",
    "PAYMENT_DECLINED",
    "PAYMENT_METHOD_INVALID",
    "PAYING",
    "PLACING",
    "REQUEST_IN_PROGRESS",
    "UNKNOWN_SKU",
]

OUT_OF_STOCK = ProblemType("out_of_stock", 409, "Not enough stock")
ORDER_NOT_CANCELLABLE = ProblemType(
    "order_not_cancellable", 409, "The order can no longer be cancelled"
)
ORDER_TOTAL_TOO_LARGE = ProblemType(
    "order_total_too_large", 422, "The order costs more than one payment can take"
)
DESTINATION_NOT_SERVED = ProblemType(
    "destination_not_served", 422, "Orders are not delivered there"
)

# What the routes that place answer besides.
PLACING = (
    ACCOUNT_ERASED,
    OUT_OF_STOCK,
    UNKNOWN_SKU,
    CURRENCY_NOT_OFFERED,
    ORDER_TOTAL_TOO_LARGE,
    DESTINATION_NOT_SERVED,
)

CATALOGUE: dict[str, ProblemType] = {
    value.code: value for value in list(globals().values()) if isinstance(value, ProblemType)
}
