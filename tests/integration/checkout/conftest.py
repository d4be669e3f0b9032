"""A running shop for each test."""

from collections.abc import Iterator

import pytest

from tests.support.checkout_scenario import CheckoutScenario, started


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckoutScenario]:
    with started(monkeypatch) as journey:
        yield journey
