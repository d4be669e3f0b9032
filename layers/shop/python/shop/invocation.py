"""One invocation of a function: its id on every log line, its time, its retries.

Every entry point is wrapped in `invoked`, so that a line joins the platform's own line of a failed
invocation (`platform.report`: timed out, out of memory) by `function_request_id`, and none carries
what the invocation before had put on.
"""

import functools
import math
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from shop import retry, telemetry

R = TypeVar("R")
# The log group's name says all of these already, and each line is paid for by its length.
_KNOWN = ("function_name", "function_memory_size", "function_arn")
_context: ContextVar[LambdaContext | None] = ContextVar("lambda_context", default=None)


def invoked(
    handler: Callable[[dict[str, Any], LambdaContext], R],
) -> Callable[[dict[str, Any], Any], R]:
    """The handler, each time with a clean logger, a deadline and a budget of retries."""

    @functools.wraps(handler)
    def run(event: dict[str, Any], context: LambdaContext) -> R:
        telemetry.logger.remove_keys(_KNOWN)
        token = _context.set(context)
        try:
            with retry.budget():
                return handler(event, context)
        finally:
            _context.reset(token)

    wrapped: Callable[[dict[str, Any], Any], R] = telemetry.logger.inject_lambda_context(
        run, clear_state=True
    )
    return wrapped


def remaining_s() -> float:
    """Seconds until this invocation is killed; without one (a tool, a test) there is no end."""
    context = _context.get()
    return math.inf if context is None else context.get_remaining_time_in_millis() / 1000
