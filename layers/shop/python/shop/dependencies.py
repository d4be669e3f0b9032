"""Whether a fault is somebody else's: AWS or a provider that is slow, away or throttling.

Such a fault is answered 503 and counted apart: it calls for waiting, not for mending.
"""

from collections.abc import Iterator

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected
from pynamodb.exceptions import TransactWriteError

_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
        "SlowDown", "Throttling", "ThrottledException", "ThrottlingException",
        "TooManyRequestsException", "TransactionConflictException",
        "TransactionInProgressException",
    }
)  # fmt: skip
# Why a part of a transaction was not made, where nobody is to blame.
_IN_THE_WAY = frozenset(
    {"None", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
)
_TOO_MANY, _SERVER_ERROR = 429, 500


class DependencyUnavailable(Exception):
    """Base of what adapters raise when the one whom they ask does not answer, or cannot now."""


def is_unavailable(error: BaseException) -> bool:
    """Whether this fault, or what it was raised for, is a dependency that does not answer."""
    return any(_says_so(each) for each in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        of_pynamodb = getattr(found, "cause", None)
        found = of_pynamodb if isinstance(of_pynamodb, BaseException) else found.__cause__


def _says_so(error: BaseException) -> bool:
    if isinstance(error, (DependencyUnavailable, NotConnected, HTTPClientError)):
        return True
    if isinstance(error, TransactWriteError):
        reasons = {reason.code for reason in error.cancellation_reasons if reason is not None}
        return bool(reasons - {"None"}) and reasons <= _IN_THE_WAY
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code")
    return code in _THROTTLED or status == _TOO_MANY or status >= _SERVER_ERROR
