"""The HTTP entry point of a function: one route, one file, one Lambda.

`entrypoint(ROUTE, handle)` parses and checks the request, calls `handle`, renders what it returns,
and turns everything that is not an answer into an RFC 9457 problem document. It writes one log line
per request. What a route promises stands in its `Route`, from which OpenAPI is generated.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, ValidationError

from shop import (
    charset,
    clock,
    dependencies,
    idempotency,
    ids,
    invalid,
    invocation,
    problems,
    tables,
    telemetry,
    trace,
    untrusted_json,
)
from shop.idempotency import StoredResponse
from shop.problems import Problem, ProblemType
from shop.text import compact_json
from shop.trace import Trace

MAX_BODY_BYTES = 256 * 1024
TOKEN_LEEWAY_S = 5  # for clocks that differ, as the authorizer has it
PROBLEM = "application/problem+json"
RETRY_AFTER_S = "2"
PRECONDITION_FAILED = 412
# What may yet have been carried out is never answered as if it had not.
_REPEAT = "The request may be repeated."
_REPEAT_WITH_KEY = (
    "Whether it was carried out is not known; it may be yet. Repeat it with the same key: that is "
    "safe, and its answer tells how it ended."
)
_NEVER = 2**40
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
Auth = Literal["public", "customer", "staff", "signature"]


class NoFields(BaseModel):
    """An object with nothing in it, which is as good as no body where none is expected."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a successful answer leads: to a route, by its function's name, with parts of itself.

    Values are OpenAPI runtime expressions (`$response.body#/order_id`) or constants. `body` may be
    a part of the body: the client adds the rest.
    """

    to: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """What a route is and promises. Throttles are (requests per second, burst).

    A route without `request` takes no body, or an empty object: some clients always send one.

    A route that promises 304 sends an ETag.

    `auth="signature"`: the sender signs the body as it was sent. Such a route gets it as bytes, in
    `Request.body`, and is to check the signature before it believes anything.
    """

    method: str
    path: str
    summary: str
    auth: Auth = "customer"
    scopes: tuple[str, ...] = ()  # any one of them opens the route
    idempotent: bool = False  # needs the header Idempotency-Key
    request: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    responses: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    problems: Sequence[ProblemType] = ()
    links: Sequence[Link] = ()
    media_type: str = "application/json"  # of what succeeds
    throttle: tuple[int, int] | None = None
    ends_at_once: bool = False  # a token whose session was ended is refused from then on

    @property
    def asks_each_time(self) -> bool:
        """Whether the authorizer is asked at every request; else the gateway keeps its answer for
        a minute, in which a session that was ended can go on."""
        return self.needs_token and (self.auth == "staff" or self.ends_at_once)

    @property
    def needs_token(self) -> bool:
        """Whether the authorizer guards it."""
        return self.auth in ("customer", "staff")

    @property
    def takes_if_match(self) -> bool:
        """Whether a client may say which version it means to change; what it gets has an ETag."""
        return any(each.status == PRECONDITION_FAILED for each in self.problems)

    @property
    def takes_any_parameter(self) -> bool:
        """Whether parameters that it does not know are passed over: those of probes and caches.

        Only where they can change nothing: what everybody reads, and reads as a whole. Anywhere
        else a parameter that is misspelt would be a question that gets the answer of another.
        """
        return self.auth == "public" and self.method == "GET" and self.query is None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the authorizer found it in the access token."""

    subject: str
    session_id: str
    scopes: frozenset[str]


B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Request(Generic[B]):
    """A request that passed all checks of its route."""

    body: B
    query: Any
    path: Mapping[str, str]  # parameters, unquoted
    headers: Mapping[str, str]  # lower-case names
    caller: Caller | None
    key: str  # the Idempotency-Key, or ""
    trace: Trace
    source_ip: str
    remaining_s: Callable[[], float]  # until the function is killed

    @property
    def user(self) -> Caller:
        """The caller of a route that needs a token."""
        if self.caller is None:
            raise LookupError("a route without a token has no caller")
        return self.caller


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


def if_match(request: Request[Any]) -> frozenset[str] | None:
    """The versions of which one must be there (RFC 9110, 13.1.1); None: whichever is."""
    condition = request.headers.get("if-match")
    if condition is None or condition.strip() == "*":
        return None
    return frozenset(part.strip() for part in condition.split(","))


def cacheable(body: str, *, max_age_s: int) -> Response:
    """This JSON text, for anybody's cache (RFC 9111); 304 for a client that has it (RFC 9110)."""
    digest = hashlib.sha256(body.encode()).hexdigest()[:24]
    headers = {"Cache-Control": f"public, max-age={max_age_s}"}
    return Response(200, body, headers=headers, etag=f'"{digest}"')


Handle = Callable[[Request[Any]], Response | Problem]
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def entrypoint(route: Route, handle: Handle) -> Handler:
    """The Lambda handler (API Gateway proxy integration) of a route."""

    @invocation.invoked
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        request_trace = _trace_of(route, event)
        telemetry.set_log_context(request_trace)
        with telemetry.stopwatch() as timer:
            result, headers = _answer(route, handle, event, request_trace)
            response = _render(route, result, request_trace, headers)
        _log(route, event, result, response, timer["ms"])
        return response

    handler.route = route  # type: ignore[attr-defined]  # read by the contract generator
    return handler


def _answer(
    route: Route, handle: Handle, event: dict[str, Any], request_trace: Trace
) -> tuple[Response | Problem, Mapping[str, str]]:
    headers = {key.lower(): value for key, value in (event.get("headers") or {}).items()}
    try:
        request = _parse(route, event, headers, request_trace)
        return (request if isinstance(request, Problem) else handle(request)), headers
    except Exception as error:  # The edge: whatever happens, the client gets a problem document.
        telemetry.log_error("request failed", error, route=f"{route.method} {route.path}")
        return _fault(route, error), headers


def _fault(route: Route, error: Exception) -> Problem:
    detail = _REPEAT_WITH_KEY if route.idempotent else _REPEAT
    if dependencies.is_unavailable(error):
        headers = {"Retry-After": RETRY_AFTER_S}
        return Problem(problems.DEPENDENCY_UNAVAILABLE, detail, headers=headers)
    return Problem(problems.INTERNAL_ERROR, detail)


def _trace_of(route: Route, event: dict[str, Any]) -> Trace:
    headers = {key.lower(): value for key, value in (event.get("headers") or {}).items()}
    context = event.get("requestContext") or {}
    request_id = context.get("requestId") or ids.generate(
        "req", region=tables.region(), now=clock.now()
    )
    return trace.from_header(
        headers.get("traceparent"), request_id=request_id, instance=_instance(route, event)
    )


def _instance(route: Route, event: dict[str, Any]) -> str:
    """The path as asked for, as far as it is ours: what is no id stays the name of its parameter.

    So has it the gateway, of its own problems.
    """
    given = event.get("pathParameters") or {}

    def filled(placeholder: re.Match[str]) -> str:
        sent: str = given.get(placeholder[1], "")
        return sent if ids.is_id(sent[:3], sent) else placeholder[0]

    return _PLACEHOLDER.sub(filled, route.path)


def _parse(
    route: Route, event: dict[str, Any], headers: Mapping[str, str], request_trace: Trace
) -> Request[Any] | Problem:
    raw = _raw_body(event)
    if isinstance(raw, Problem):
        return raw
    caller = _caller(route, event)
    if isinstance(caller, Problem):
        return caller
    key = idempotency.key_of(_lines(event, "idempotency-key")) if route.idempotent else ""
    if isinstance(key, Problem):
        return key
    body = _body(route, raw, event)
    if isinstance(body, Problem):
        return body
    query = _query(route, event)
    if isinstance(query, Problem):
        return query
    identity = (event.get("requestContext") or {}).get("identity") or {}
    return Request(
        body=body,
        query=query,
        path={name: unquote(text) for name, text in (event.get("pathParameters") or {}).items()},
        headers=headers,
        caller=caller,
        key=key,
        trace=request_trace,
        source_ip=identity.get("sourceIp") or "",
        remaining_s=invocation.remaining_s,
    )


def _lines(event: Mapping[str, Any], name: str) -> list[str]:
    """Each line of a header; of several the gateway's `headers` have the last one only."""
    single = {key: [value] for key, value in (event.get("headers") or {}).items()}
    lines = event.get("multiValueHeaders") or single
    return [value for key, values in lines.items() if key.lower() == name for value in values]


def _raw_body(event: dict[str, Any]) -> bytes | Problem:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return Problem(problems.INVALID_REQUEST, "The body is not valid base64.")
    else:
        raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_BODY_BYTES:
        return Problem(problems.PAYLOAD_TOO_LARGE, f"At most {MAX_BODY_BYTES} bytes are taken.")
    return raw


def _caller(route: Route, event: dict[str, Any]) -> Caller | Problem | None:
    if not route.needs_token:
        return None
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    if not context.get("sub"):
        return Problem(problems.UNAUTHENTICATED, "Send `Authorization: Bearer <access token>`.")
    # The gateway keeps an authorizer's answer for a minute, maybe longer than the token lives.
    if int(context.get("exp") or _NEVER) + TOKEN_LEEWAY_S <= clock.now().timestamp():
        return Problem(problems.UNAUTHENTICATED, "The access token has expired.")
    scopes = frozenset((context.get("scope") or "").split())
    # The gateway's policy decides this too; a grant that is wrong there must not be enough.
    if route.scopes and not scopes & set(route.scopes):
        return Problem(problems.FORBIDDEN, f"This needs the scope {' or '.join(route.scopes)}.")
    return Caller(context["sub"], context.get("sid") or "", scopes)


def _body(route: Route, raw: bytes, event: Mapping[str, Any]) -> Any:
    if raw and not charset.is_as_it_was_written(_lines(event, "content-encoding")):
        return Problem(
            problems.UNSUPPORTED_MEDIA_TYPE,
            "Send the body as it is, without `Content-Encoding`.",
            headers={"Accept-Encoding": "identity"},  # RFC 9110, 15.5.16
        )
    if route.auth == "signature":
        return raw
    if route.request is None and not raw:
        return None
    found = _written(raw, event) or _read(route.request or NoFields, raw)
    return None if isinstance(found, NoFields) else found


def _written(raw: bytes, event: Mapping[str, Any]) -> Problem | None:
    """Why it cannot be JSON text as a model reads it."""
    kinds = _lines(event, "content-type")
    if len(kinds) != 1 or not charset.is_json_in_utf_8(kinds[0]):
        return Problem(
            problems.UNSUPPORTED_MEDIA_TYPE, "Send `Content-Type: application/json`, in UTF-8."
        )
    if not charset.is_intact(raw):
        error = {"pointer": "", "code": "not_utf_8", "detail": "not UTF-8, or with U+FFFD in it"}
        return Problem(problems.INVALID_REQUEST, "Send the body in UTF-8.", errors=[error])
    return None


def _read(model: type[BaseModel], raw: bytes) -> BaseModel | Problem:
    try:
        untrusted_json.parse(raw)
        return model.model_validate_json(raw)
    except untrusted_json.InvalidJson as error:
        found = {"pointer": "", "code": "json_invalid", "detail": str(error)}
        return Problem(problems.INVALID_REQUEST, "The body cannot be read.", errors=[found])
    except ValidationError as error:
        return invalid.body(error)


def _query(route: Route, event: dict[str, Any]) -> Any:
    given = event.get("multiValueQueryStringParameters") or {}
    if not given:
        given = {k: [v] for k, v in (event.get("queryStringParameters") or {}).items()}
    if route.query is None:
        if not given or route.takes_any_parameter:
            return None
        return invalid.no_parameters()
    repeated = [name for name, values in given.items() if len(values) != 1]
    if repeated:
        return invalid.repeated_parameters(repeated, route.query)
    try:
        return route.query.model_validate({name: values[0] for name, values in given.items()})
    except ValidationError as error:
        return invalid.parameters(error, route.query)


def _render(
    route: Route, result: Response | Problem, request_trace: Trace, headers: Mapping[str, str]
) -> dict[str, Any]:
    if isinstance(result, Problem):
        body = problems.render(
            result, request_id=request_trace.request_id, instance=request_trace.instance
        )
        result = Response(
            result.type.status,
            body,
            headers=result.headers,
            content_type=PROBLEM,
        )
    out = {
        "Content-Type": result.content_type or route.media_type,
        "X-Request-Id": request_trace.request_id,
        "Cache-Control": "no-store",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Idempotency-Replayed, Retry-After, X-Request-Id",
        **result.headers,
    }
    if result.status == 401:
        out["WWW-Authenticate"] = "Bearer"  # RFC 9110, 15.5.2: a 401 says how to do better.
    if result.etag is not None:
        out["ETag"] = result.etag
        known = 304 in route.responses and result.status == 200
        if known and _matches(headers.get("if-none-match", ""), result.etag):
            return {"statusCode": 304, "headers": out, "body": ""}
    if isinstance(result.body, bytes):
        text = base64.b64encode(result.body).decode()
        return {"statusCode": result.status, "headers": out, "body": text, "isBase64Encoded": True}
    return {"statusCode": result.status, "headers": out, "body": _text(result.body)}


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


def _log(
    route: Route,
    event: dict[str, Any],
    result: Response | Problem,
    response: dict[str, Any],
    milliseconds: float,
) -> None:
    name = f"{route.method} {route.path}"
    code = result.type.code if isinstance(result, Problem) else None
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    telemetry.logger.info(
        "request",
        extra={
            "route": name,
            "status": response["statusCode"],
            "problem": code,
            "replayed": "Idempotency-Replayed" in response["headers"],
            "subject": context.get("sub"),
            "ms": milliseconds,
        },
    )
    if code == problems.DEPENDENCY_UNAVAILABLE.code:
        telemetry.emit_metric("DependencyUnavailable", route=name)
    elif response["statusCode"] >= 500:
        telemetry.emit_metric("ServerError", route=name)
