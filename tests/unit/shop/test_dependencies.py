"""Which faults are a dependency's."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ReadTimeoutError,
)
from pynamodb.exceptions import (
    CancellationReason,
    GetError,
    TransactWriteError,
    VerboseClientError,
)

from payments.service.ports import PspConfigurationError, PspUnavailable
from shop.dependencies import is_unavailable
from shop.tables import KeysUnprocessed


def answered(code: str, status: int = 400) -> ClientError:
    meta: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(meta, "Sign")


def cancelled(*codes: str | None) -> TransactWriteError:
    reasons = [CancellationReason(code=code) if code else None for code in codes]
    meta: Any = {"Error": {"Code": "TransactionCanceledException"}}
    return TransactWriteError(
        "no", VerboseClientError(meta, "TransactWriteItems", cancellation_reasons=reasons)
    )


def raised_for(cause: Exception) -> Exception:
    error = LookupError("what it was needed for")
    error.__cause__ = cause
    return error


URL = "https://kms.test"
THEIRS = [
    ConnectTimeoutError(endpoint_url=URL),
    ReadTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL),
    answered("ThrottlingException"),
    answered("ProvisionedThroughputExceededException"),
    answered("KMSInternalException", 500),
    answered("DependencyTimeoutException", 503),
    answered("TooManyRequests", 429),
    GetError("no", ReadTimeoutError(endpoint_url=URL)),
    GetError("no", answered("ThrottlingException")),
    cancelled(None, "ThrottlingError"),
    cancelled("TransactionConflict", None),
    raised_for(ReadTimeoutError(endpoint_url=URL)),
    KeysUnprocessed("orders"),
    PspUnavailable("capture"),
]
OURS = [
    ValueError("a bug"),
    KeyError("a bug"),
    ParamValidationError(report="a bug"),
    answered("AccessDeniedException"),
    answered("ValidationException"),
    answered("DisabledException"),
    GetError("no", answered("AccessDeniedException")),
    cancelled("ConditionalCheckFailed", "ThrottlingError"),
    cancelled("ValidationError"),
    PspConfigurationError("key"),
]


@pytest.mark.parametrize("error", THEIRS, ids=repr)
def test_what_is_slow_away_or_throttling_is_a_dependency(error: Exception) -> None:
    assert is_unavailable(error)


@pytest.mark.parametrize("error", OURS, ids=repr)
def test_whatever_else_goes_wrong_is_ours(error: Exception) -> None:
    assert not is_unavailable(error)


def test_causes_that_go_round_end() -> None:
    one, other = ValueError(), ValueError()
    one.__cause__, other.__cause__ = other, one
    assert not is_unavailable(one)
