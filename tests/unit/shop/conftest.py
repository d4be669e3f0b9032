"""What is logged, for tests of what may be."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from shop import telemetry


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at the level of production."""
    written, logger = io.StringIO(), telemetry.logger
    level: Any = logger.log_level
    handler: Any = logger.registered_handler
    before = handler.setStream(written)
    logger.setLevel("INFO")
    yield written
    logger.setLevel(level)
    handler.setStream(before)
