"""Problem documents of RFC 9457, and the types that the HTTP edge answers on any route.

What only one service answers stands in its problems.py; `GET /errors` lists all.

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
    extensions: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def document(problem: Problem, *, request_id: str, instance: str) -> dict[str, Any]:
    """The application/problem+json body. Standard members win over extension members."""
    kind = problem.type
    return {
        **problem.extensions,
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


# RFC 6749 (4.1.2.1, 5.2) has words of its own for what any endpoint may answer.
_OAUTH_ERRORS: Mapping[int, str] = {
    413: "invalid_request",
    415: "invalid_request",
    429: "temporarily_unavailable",
    500: "server_error",
    503: "temporarily_unavailable",
}


def oauth_error(kind: ProblemType) -> str:
    """Its `error` of RFC 6749."""
    return _OAUTH_ERRORS.get(kind.status, kind.code)


def render_oauth(problem: Problem) -> str:
    """The same as RFC 6749 (5.2) has it, for clients that know no other errors."""
    return compact_json({"error": oauth_error(problem.type), "error_description": problem.detail})


def render(problem: Problem, *, request_id: str, instance: str) -> str:
    """The document as JSON text, to be stored as a first answer or sent."""
    body = document(problem, request_id=request_id, instance=instance)
    return compact_json(body)


INVALID_REQUEST = ProblemType("invalid_request", 400, "The request is not valid")
IDEMPOTENCY_KEY_REQUIRED = ProblemType(
    "idempotency_key_required", 400, "The header Idempotency-Key is required"
)
IDEMPOTENCY_KEY_INVALID = ProblemType(
    "idempotency_key_invalid", 400, "The header Idempotency-Key holds no key"
)
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "A valid access token is required")
# RFC 9470: the token is good, but says too little of how and when its user was proved.
STEP_UP_REQUIRED = ProblemType(
    "step_up_required", 401, "A more recent or a surer proof is required"
)
FORBIDDEN = ProblemType("forbidden", 403, "The token does not allow this")
NOT_FOUND = ProblemType("not_found", 404, "There is no such resource")
REQUEST_IN_PROGRESS = ProblemType(
    "request_in_progress", 409, "The first request with this key is still running", retryable=True
)
PAYLOAD_TOO_LARGE = ProblemType("payload_too_large", 413, "The body is larger than 256 KB")
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported_media_type", 415, "The body must be plain application/json"
)
IDEMPOTENCY_KEY_REUSED = ProblemType(
    "idempotency_key_reused", 422, "This key was used with another body"
)
RATE_LIMITED = ProblemType("rate_limited", 429, "Too many requests", retryable=True)
INTERNAL_ERROR = ProblemType("internal_error", 500, "Something went wrong here", retryable=True)
SERVICE_UNAVAILABLE = ProblemType(
    "service_unavailable", 503, "A part of the platform does not answer", retryable=True
)
DEPENDENCY_UNAVAILABLE = ProblemType(
    "dependency_unavailable", 503, "Something that this needs does not answer", retryable=True
)
