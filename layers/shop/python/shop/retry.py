"""When to try again, and how often one request may.

Each retry loop has its own limit; the budget bounds them all together, so that a bad minute is not
made worse by loops within loops. botocore repeats what is throttled, the caller what has failed.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

RETRIES = 8  # of one request, step, message or item of a schedule

_left: ContextVar[list[int] | None] = ContextVar("retries_left", default=None)


def backoff(attempt: int, *, base_s: float, cap_s: float) -> float:
    """Seconds to wait after this attempt failed (the first one is 0): doubling, full jitter."""
    return random.uniform(0, min(cap_s, base_s * 2**attempt))  # noqa: S311 (jitter)


@contextmanager
def budget(retries: int = RETRIES) -> Iterator[None]:
    """Whatever is repeated in this block is repeated at most so often, all in all."""
    token = _left.set([retries])
    try:
        yield
    finally:
        _left.reset(token)


def spend() -> bool:
    """Take one retry from the budget; False if it is used up. Without a budget there is no end."""
    left = _left.get()
    if left is None:
        return True
    left[0] -= 1
    return left[0] >= 0
