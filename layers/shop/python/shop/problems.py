"""Every problem that the API can answer: the public catalogue of RFC 9457 documents.

A problem is a value, not an exception: a use case returns it, the HTTP edge renders it. `code` is
the contract; `title` and `detail` are for people and may change. `retryable` tells a client that
the same request, with the same key, may succeed later.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shop.text import compact_json

DEFAULT_ERRORS_URL = "https://cartwright.dev/errors"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One entry of the catalogue."""

    code: str
    status: int
    title: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong with one request. `errors` are `{pointer|parameter|header, code, detail}`."""

    type: ProblemType
    detail: str
    errors: Sequence[Mapping[str, str]] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def document(problem: Problem, *, request_id: str, instance: str) -> dict[str, Any]:
    """The application/problem+json body. Standard members win over extension members."""
    kind = problem.type
    return {
        **problem.extra,
        "type": f"{os.environ.get('ERRORS_URL', DEFAULT_ERRORS_URL)}#{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "code": kind.code,
        "detail": problem.detail,
        "instance": instance,
        "request_id": request_id,
        "retryable": kind.retryable,
        "errors": [dict(error) for error in problem.errors],
    }


def render(problem: Problem, *, request_id: str, instance: str) -> str:
    """The document as JSON text, to be stored as a first answer or sent."""
    body = document(problem, request_id=request_id, instance=instance)
    return compact_json(body)


INVALID_REQUEST = ProblemType("invalid_request", 400, "The request is not valid")
IDEMPOTENCY_KEY_REQUIRED = ProblemType(
    "idempotency_key_required", 400, "The header Idempotency-Key is required"
)
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "A valid access token is required")
INVALID_CREDENTIALS = ProblemType("invalid_credentials", 401, "E-mail or password is wrong")
INVALID_REFRESH_TOKEN = ProblemType("invalid_refresh_token", 401, "The refresh token is not valid")
PAYMENT_DECLINED = ProblemType("payment_declined", 402, "The payment was declined")
FORBIDDEN = ProblemType("forbidden", 403, "The token does not allow this")
NOT_FOUND = ProblemType("not_found", 404, "There is no such resource")
REQUEST_IN_PROGRESS = ProblemType(
    "request_in_progress", 409, "The first request with this key is still running", retryable=True
)
OUT_OF_STOCK = ProblemType("out_of_stock", 409, "Not enough stock")
PRICE_CHANGED = ProblemType("price_changed", 409, "The price has changed")
ORDER_NOT_PAYABLE = ProblemType("order_not_payable", 409, "The order cannot be paid")
ORDER_CLOSED = ProblemType("order_closed", 409, "The order was closed before it was complete")
PAYMENT_IN_PROGRESS = ProblemType(
    "payment_in_progress", 409, "Another payment of this order is under way"
)
PAYMENT_NOT_CONFIRMABLE = ProblemType(
    "payment_not_confirmable", 409, "The payment does not wait for a confirmation"
)
ORDER_NOT_CANCELLABLE = ProblemType(
    "order_not_cancellable", 409, "The order can no longer be cancelled"
)
PRECONDITION_FAILED = ProblemType("precondition_failed", 412, "The resource has changed")
PAYLOAD_TOO_LARGE = ProblemType("payload_too_large", 413, "The body is larger than 256 KB")
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported_media_type", 415, "The body must be application/json"
)
IDEMPOTENCY_KEY_REUSED = ProblemType(
    "idempotency_key_reused", 422, "This key was used with another body"
)
UNKNOWN_SKU = ProblemType("unknown_sku", 422, "A SKU is not sold here")
CURRENCY_NOT_OFFERED = ProblemType(
    "currency_not_offered", 422, "There is no price in this currency"
)
ORDER_TOTAL_TOO_LARGE = ProblemType(
    "order_total_too_large", 422, "The order costs more than one payment can take"
)
PAYMENT_METHOD_INVALID = ProblemType(
    "payment_method_invalid", 422, "The payment method cannot be used"
)
RATE_LIMITED = ProblemType("rate_limited", 429, "Too many requests", retryable=True)
INTERNAL_ERROR = ProblemType("internal_error", 500, "Something went wrong here", retryable=True)
CHECKOUT_INCOMPLETE = ProblemType(
    "checkout_incomplete", 503, "Not finished yet: repeat with the same key", retryable=True
)
SERVICE_UNAVAILABLE = ProblemType(
    "service_unavailable", 503, "A part of the platform does not answer", retryable=True
)

# What the routes that run the checkout machine answer: all, those that place, those that pay.
CHECKOUT = (ORDER_CLOSED, REQUEST_IN_PROGRESS, IDEMPOTENCY_KEY_REUSED, CHECKOUT_INCOMPLETE)
PLACING = (OUT_OF_STOCK, UNKNOWN_SKU, CURRENCY_NOT_OFFERED, ORDER_TOTAL_TOO_LARGE)
PAYING = (PAYMENT_DECLINED, ORDER_NOT_PAYABLE, PAYMENT_METHOD_INVALID)

CATALOGUE: dict[str, ProblemType] = {
    value.code: value for value in list(globals().values()) if isinstance(value, ProblemType)
}
