"""What the tests of the way onto an AWS account share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.support import deployments


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a CDK, and an assembly whose functions reserve 180."""
    return deployments.checkout(tmp_path)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)
    with mock_aws():
        yield
