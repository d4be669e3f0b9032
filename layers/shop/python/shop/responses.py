"""What a handler answers, and the form in which API Gateway takes it."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from shop import pages, problems, rate_limits
from shop.idempotency import StoredResponse
from shop.problems import Problem
from shop.routes import Route
from shop.text import compact_json
from shop.trace import Trace

EXPOSED = "ETag, Idempotency-Replayed, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
COMES_BACK = (429, 503)  # These say when, whoever answers them.
RETRY_AFTER_S = "2"
PROBLEM, JSON = "application/problem+json", "application/json"
# What the OWASP REST Security Cheat Sheet has on every answer: JSON is no page, and nobody's frame.
# infra/problems.py has the same for the answers that the gateway and the firewall make.
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Any origin may ask, since no token travels in a cookie. A page has cookies, and is asked for by
# browsers that show it.
CORS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
}


@dataclass(frozen=True, slots=True)
class Response:
    """What a handler answers. `body` is a model, plain data, or finished text (sent verbatim)."""

    status: int
    body: BaseModel | dict[str, Any] | str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    content_type: str | None = None  # None: the route's


def replayed_response(answer: StoredResponse, *, replayed: bool) -> Response:
    """A stored first answer, byte for byte."""
    return Response(
        answer.status,
        answer.body,
        headers={"Idempotency-Replayed": "true"} if replayed else {},
        content_type=PROBLEM if answer.status >= 400 else None,
    )


def cacheable(body: str, *, max_age_s: int) -> Response:
    """This JSON text, for anybody's cache (RFC 9111); 304 for a client that has it (RFC 9110)."""
    digest = hashlib.sha256(body.encode()).hexdigest()[:24]
    headers = {"Cache-Control": f"public, max-age={max_age_s}"}
    return Response(200, body, headers=headers, etag=f'"{digest}"')


def render(
    route: Route, result: Response | Problem, request_trace: Trace, headers: Mapping[str, str]
) -> dict[str, Any]:
    if isinstance(result, Problem):
        result = _told(route, result, request_trace)
    out = {
        "Content-Type": result.content_type or route.media_type,
        "X-Request-Id": request_trace.request_id,
        "Cache-Control": "no-store",
        **(CORS if route.errors != "page" else {}),
        **SECURITY_HEADERS,
        **result.headers,
    }
    if result.status in COMES_BACK:
        out.setdefault("Retry-After", RETRY_AFTER_S)
    if route.quotas:
        out[rate_limits.POLICY] = rate_limits.policy(route.quotas)
    if result.status == 401:
        # RFC 9110, 15.5.2: a 401 says how to do better.
        out.setdefault("WWW-Authenticate", "Bearer")
    if result.etag is not None:
        out["ETag"] = result.etag
        known = 304 in route.responses and result.status == 200
        if known and _matches(headers.get("if-none-match", ""), result.etag):
            return {"statusCode": 304, "headers": out, "body": ""}
    if isinstance(result.body, bytes):
        text = base64.b64encode(result.body).decode()
        return {"statusCode": result.status, "headers": out, "body": text, "isBase64Encoded": True}
    return {"statusCode": result.status, "headers": out, "body": _text(result.body)}


def _told(route: Route, problem: Problem, request_trace: Trace) -> Response:
    headers, request_id = dict(problem.headers), request_trace.request_id
    if route.errors == "oauth":
        body, kind = problems.render_oauth(problem), JSON
    elif route.errors == "page":
        body = pages.of_error(problem.type.title, problem.detail, request_id=request_id)
        kind = pages.MEDIA_TYPE
        headers["Content-Security-Policy"] = pages.policy()
    else:
        body = problems.render(problem, request_id=request_id, instance=request_trace.instance)
        kind = PROBLEM
    return Response(problem.type.status, body, headers=headers, content_type=kind)


def _matches(condition: str, etag: str) -> bool:
    """If-None-Match compares weakly (RFC 9110, 13.1.2)."""
    wanted = [part.strip().removeprefix("W/") for part in condition.split(",")]
    return "*" in wanted or etag.removeprefix("W/") in wanted


def _text(body: BaseModel | dict[str, Any] | str | None) -> str:
    if body is None:
        return ""
    if isinstance(body, str):
        return body
    if isinstance(body, BaseModel):
        return body.model_dump_json()
    return compact_json(body)
