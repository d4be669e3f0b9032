"""A running localstripe, and our adapter to it."""

from collections.abc import Iterator

import pytest

from payments.clients.stripe import StripePsp
from tests.support.localstripe import Secret, running, secret_with_cards


@pytest.fixture(scope="module")
def localstripe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its URL."""
    with running(tmp_path_factory.mktemp("localstripe")) as url:
        yield url


@pytest.fixture(scope="module")
def secret(localstripe: str) -> Secret:
    """The provider's secret, with the test cards."""
    return secret_with_cards(localstripe)


@pytest.fixture
def psp(localstripe: str, secret: Secret) -> Iterator[StripePsp]:
    """Our adapter."""
    adapter = StripePsp(secret, api_base=localstripe, redirects=False).within(20)
    yield adapter
    adapter.close()
