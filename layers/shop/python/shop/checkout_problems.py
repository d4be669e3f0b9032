"""Problems that more than one service answers: most say how an execution of checkout ended."""

from shop.problems import IDEMPOTENCY_KEY_REUSED, REQUEST_IN_PROGRESS, ProblemType

ACCOUNT_ERASED = ProblemType("account_erased", 403, "The account has been erased")
PAYMENT_DECLINED = ProblemType("payment_declined", 402, "The payment was declined")
ORDER_NOT_PAYABLE = ProblemType("order_not_payable", 409, "The order cannot be paid")
ORDER_CLOSED = ProblemType("order_closed", 409, "The order was closed before it was complete")
UNKNOWN_SKU = ProblemType("unknown_sku", 422, "A SKU is not sold here")
CURRENCY_NOT_OFFERED = ProblemType(
    "currency_not_offered", 422, "There is no price in this currency"
)
PAYMENT_METHOD_INVALID = ProblemType(
    "payment_method_invalid", 422, "The payment method cannot be used"
)
CHECKOUT_INCOMPLETE = ProblemType(
    "checkout_incomplete", 503, "Not finished yet: repeat with the same key", retryable=True
)

# What the routes that run the checkout machine answer: all, and those that pay.
CHECKOUT = (ORDER_CLOSED, REQUEST_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, CHECKOUT_INCOMPLETE)
PAYING = (PAYMENT_DECLINED, ORDER_NOT_PAYABLE, PAYMENT_METHOD_INVALID)
