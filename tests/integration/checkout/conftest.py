"""A running shop for each test."""

from collections.abc import Iterator

import pytest

from tests.support.journey import Journey, started


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    with started(monkeypatch) as journey:
        yield journey
