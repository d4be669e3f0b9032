"""How much a suite does: briefly in `make test`, at length in `make soak` (pytest --soak).

Suites that grow are marked `soak`, so that `make soak` runs them and nothing else.
"""

import os
from typing import TypeVar

SOAK = "CARTWRIGHT_SOAK"  # set by tests/conftest.py, so that it is known while tests are collected
T = TypeVar("T")


def soaking() -> bool:
    """Whether this is the long run."""
    return os.environ.get(SOAK) == "1"


def scaled(brief: T, *, soak: T) -> T:
    """A count of operations, examples or cases."""
    return soak if soaking() else brief
