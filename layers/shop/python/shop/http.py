"""The HTTP entry point of a function: one route, one file, one Lambda.

`entrypoint(ROUTE, handle)` parses and checks the request, calls `handle`, renders what it returns,
and turns everything that is not an answer into an RFC 9457 problem document. It writes one log line
per request. What a route promises stands in its `Route`, from which OpenAPI is generated.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from shop import (
    clock,
    dependencies,
    ids,
    invocation,
    problems,
    requests,
    responses,
    tables,
    telemetry,
    trace,
)
from shop.problems import Problem
from shop.requests import Caller, Request, if_match
from shop.responses import PROBLEM, Response, cacheable, replayed_response
from shop.routes import Auth, Link, NoFields, Route
from shop.trace import Trace

__all__ = [
    "PROBLEM", "Auth", "Caller", "Handle", "Handler", "Link", "NoFields", "Request", "Response",
    "Route", "cacheable", "entrypoint", "if_match", "replayed_response",
]  # fmt: skip

# What may yet have been carried out is never answered as if it had not.
_REPEAT = "The request may be repeated."
_REPEAT_WITH_KEY = (
    "Whether it was carried out is not known; it may be yet. Repeat it with the same key: that is "
    "safe, and its answer tells how it ended."
)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
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
            response = responses.render(route, result, request_trace, headers)
        _log(route, event, result, response, timer["ms"])
        return response

    handler.route = route  # type: ignore[attr-defined]  # read by the contract generator
    return handler


def _answer(
    route: Route, handle: Handle, event: dict[str, Any], request_trace: Trace
) -> tuple[Response | Problem, Mapping[str, str]]:
    headers = {key.lower(): value for key, value in (event.get("headers") or {}).items()}
    try:
        request = requests.parse(route, event, headers, request_trace)
        return (request if isinstance(request, Problem) else handle(request)), headers
    except Exception as error:  # The edge: whatever happens, the client gets a problem document.
        telemetry.log_error("request failed", error, route=f"{route.method} {route.path}")
        return _fault(route, error), headers


def _fault(route: Route, error: Exception) -> Problem:
    detail = _REPEAT_WITH_KEY if route.idempotent else _REPEAT
    if dependencies.is_unavailable(error):
        return Problem(problems.DEPENDENCY_UNAVAILABLE, detail)
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
