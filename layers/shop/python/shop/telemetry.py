"""Log lines (JSON) and metrics (EMF), by Powertools. No personal data, token or card number.

Every function writes at least one line per invocation: the entry points of the kernel do.
"""

import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from shop.trace import Trace

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "cartwright")
# What AWS answers when a call was throttled, or met another transaction, once too often. A
# condition that failed cancels a transaction, too, but is an outcome and is logged by nobody.
EXHAUSTED = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionCanceledException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
# Lambda reads level and time of a line only if the time is of RFC 3339.
logger = Logger(
    service=SERVICE, level=os.environ.get("LOG_LEVEL", "INFO"), utc=True, use_rfc3339=True
)


def set_log_context(trace: Trace, **keys: Any) -> None:
    """Put the trace (and ids) on every line of this invocation."""
    logger.append_keys(
        correlation_id=trace.correlation_id,
        request_id=trace.request_id or None,
        **keys,
    )


def log_error(message: str, error: BaseException, **fields: Any) -> None:
    """Log a fault: its type and where it came from, never its text, which may quote the input."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    code = getattr(error, "cause_response_code", None) or _aws_code(error)
    if code in EXHAUSTED:
        emit_metric("RetriesExhausted", service="all")
    logger.error(
        message,
        extra=fields
        | {
            "error": type(error).__name__,
            "error_code": code,
            "at": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames],
        },
    )


def _aws_code(error: BaseException) -> str | None:
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None


def emit_metric(name: str, value: float = 1, **dimensions: str) -> None:
    """Emit one metric, in its own EMF line. POWERTOOLS_METRICS_NAMESPACE names the stage."""
    with single_metric(name=name, unit=MetricUnit.Count, value=value) as metric:
        for key, text in {"service": SERVICE, **dimensions}.items():
            metric.add_dimension(name=key, value=text)


@contextmanager
def stopwatch() -> Iterator[dict[str, float]]:
    """Fills `{"ms": …}` with the wall time of the block."""
    result: dict[str, float] = {}
    start = time.perf_counter()
    try:
        yield result
    finally:
        result["ms"] = round((time.perf_counter() - start) * 1000, 2)
