"""The answers that the gateway and the firewall make themselves, as problem documents.

They have the form of layers/shop/python/shop/problems.py, and a test compares the two: infra
imports no runtime code.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

MEDIA_TYPE = "application/problem+json"
# On every answer, as layers/shop/python/shop/responses.py has them; without the content policy,
# whose quotes a gateway response cannot hold for sure, and which X-Frame-Options says for the most.
HEADERS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "RateLimit, RateLimit-Policy, Retry-After, X-Request-Id",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, kw_only=True)
class GatewayProblem:
    """What the gateway answers for some of its response types."""

    code: str
    status: int
    title: str
    detail: str
    retryable: bool = False
    errors: tuple[Mapping[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self, errors_url: str, *, request_id: str | None, instance: str) -> str:
        """The document as text."""
        return json.dumps(
            {
                "type": f"{errors_url}#{self.code}",
                "title": self.title,
                "status": self.status,
                "code": self.code,
                "detail": self.detail,
                "instance": instance,
                "request_id": request_id,
                "retryable": self.retryable,
                "errors": [dict(error) for error in self.errors],
            },
            separators=(",", ":"),
        )

    def template(self, errors_url: str) -> str:
        """The document as a gateway response template.

        It knows simple variables only, and quotes nothing: so none that a client can shape is used.
        """
        return self.document(
            errors_url, request_id="$context.requestId", instance="$context.resourcePath"
        )


BAD_BODY = GatewayProblem(
    code="invalid_request",
    status=400,
    title="The request is not valid",
    detail="The body does not match the schema of this route in /openapi.json.",
)
BAD_REQUEST = GatewayProblem(
    code="invalid_request",
    status=400,
    title="The request is not valid",
    detail="The request was refused before it reached the service.",
)
# The only parameter that the gateway requires of any route.
KEY_REQUIRED = GatewayProblem(
    code="idempotency_key_required",
    status=400,
    title="The header Idempotency-Key is required",
    detail="Send a unique key of 1 to 255 visible ASCII characters per intended effect.",
    errors=({"header": "Idempotency-Key", "code": "missing", "detail": "required"},),
)
UNAUTHENTICATED = GatewayProblem(
    code="unauthenticated",
    status=401,
    title="A valid access token is required",
    detail="Send `Authorization: Bearer <access token>`.",
    headers={"WWW-Authenticate": "Bearer"},
)
FORBIDDEN = GatewayProblem(
    code="forbidden",
    status=403,
    title="The token does not allow this",
    detail="The token's scopes do not open this route.",
)
BLOCKED = GatewayProblem(
    code="forbidden",
    status=403,
    title="The token does not allow this",
    detail="The request was refused by the firewall.",
)
NOT_FOUND = GatewayProblem(
    code="not_found",
    status=404,
    title="There is no such resource",
    detail="No route has this method and path; see /openapi.json.",
)
PAYLOAD_TOO_LARGE = GatewayProblem(
    code="payload_too_large",
    status=413,
    title="The body is larger than 256 KB",
    detail="At most 262144 bytes are taken.",
)
UNSUPPORTED_MEDIA_TYPE = GatewayProblem(
    code="unsupported_media_type",
    status=415,
    title="The body must be plain application/json",
    detail="Send `Content-Type: application/json`, without `Content-Encoding`.",
)
RATE_LIMITED = GatewayProblem(
    code="rate_limited",
    status=429,
    title="Too many requests",
    detail="Slow down, then repeat the request.",
    retryable=True,
    # Of all callers of a route together: so many in a second, as each route is given.
    headers={"Retry-After": "1", "RateLimit": '"route";r=0;t=1'},
)
INTERNAL_ERROR = GatewayProblem(
    code="internal_error",
    status=500,
    title="Something went wrong here",
    detail="Repeat the request, with the same key if it has one: it may have been carried out.",
    retryable=True,
)
SERVICE_UNAVAILABLE = GatewayProblem(
    code="service_unavailable",
    status=503,
    title="A part of the platform does not answer",
    detail="Repeat the request, with the same key if it has one: it may have been carried out.",
    retryable=True,
    headers={"Retry-After": "1"},
)

# By response type of API Gateway.
GATEWAY_RESPONSES: Mapping[str, GatewayProblem] = {
    "DEFAULT_4XX": BAD_REQUEST,
    "DEFAULT_5XX": INTERNAL_ERROR,
    "ACCESS_DENIED": FORBIDDEN,
    "API_CONFIGURATION_ERROR": INTERNAL_ERROR,
    "AUTHORIZER_CONFIGURATION_ERROR": INTERNAL_ERROR,
    "AUTHORIZER_FAILURE": SERVICE_UNAVAILABLE,
    "BAD_REQUEST_BODY": BAD_BODY,
    "BAD_REQUEST_PARAMETERS": KEY_REQUIRED,
    "EXPIRED_TOKEN": UNAUTHENTICATED,
    "INTEGRATION_FAILURE": SERVICE_UNAVAILABLE,
    "INTEGRATION_TIMEOUT": SERVICE_UNAVAILABLE,
    "INVALID_API_KEY": UNAUTHENTICATED,
    "INVALID_SIGNATURE": UNAUTHENTICATED,
    "MISSING_AUTHENTICATION_TOKEN": NOT_FOUND,  # what AWS answers where there is no route
    "QUOTA_EXCEEDED": RATE_LIMITED,
    "REQUEST_TOO_LARGE": PAYLOAD_TOO_LARGE,
    "RESOURCE_NOT_FOUND": NOT_FOUND,
    "THROTTLED": RATE_LIMITED,
    "UNAUTHORIZED": UNAUTHENTICATED,
    "UNSUPPORTED_MEDIA_TYPE": UNSUPPORTED_MEDIA_TYPE,
    "WAF_FILTERED": BLOCKED,
}
