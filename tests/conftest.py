"""The environment of all tests, set before anything of ours is imported."""

import io
import os
import time
from collections.abc import Iterator
from typing import Any

os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_REGION="us-east-1",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    HOME_REGION="us-east-1",
    STAGE="test",
    POWERTOOLS_SERVICE_NAME="test",
    POWERTOOLS_METRICS_NAMESPACE="Cartwright/test",
    LOG_LEVEL="CRITICAL",
    TOKEN_ISSUER="https://issuer.test",
    TOKEN_AUDIENCE="cartwright-api",
    MAIL_FROM="shop@example.com",
    ACCOUNT_URL="https://shop.test/account",
    REQUEST_ID_KEY_ARN="arn:aws:kms:us-east-1:000000000000:key/request-ids",
    WRAPPING_KEY_ARN="arn:aws:kms:us-east-1:000000000000:key/user-keys",
    CHECKOUT_MACHINE_ARN="arn:aws:states:us-east-1:000000000000:stateMachine:checkout",
    ERASURE_MACHINE_ARN="arn:aws:states:us-east-1:000000000000:stateMachine:erasure",
    ERASURE_GRACE_S="604800",
)
for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)

import pytest  # noqa: E402
from moto import mock_aws  # noqa: E402

from shop import aws, request_ids, tables, telemetry  # noqa: E402
from tests.support import moto_tables, scale  # noqa: E402

moto_tables.install()
# Where a test is about something else, the key has been asked.
request_ids.remember(os.environ["REQUEST_ID_KEY_ARN"], b"a secret of all tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--soak`: the long run of the suites that can be long."""
    parser.addoption("--soak", action="store_true", help="run races, models and fuzzing at length")


def pytest_configure(config: pytest.Config) -> None:
    """Before collection, which reads how many examples there are."""
    os.environ[scale.SOAK] = "1" if config.getoption("--soak") else "0"


FAR_AWAY = "FAR-13:45"  # where it is later than in UTC, and often another day
IN_ONE_PROCESS = {"unit", "integration", "ports", "property"}


@pytest.fixture(autouse=True)
def far_from_utc(request: pytest.FixtureRequest) -> Iterator[None]:
    """Local time is nowhere the time of the platform, so that nobody takes one for the other."""
    if request.path.relative_to(request.config.rootpath / "tests").parts[0] not in IN_ONE_PROCESS:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", FAR_AWAY)
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def moto_aws() -> Iterator[None]:
    """An empty AWS account in this process."""
    with mock_aws():
        aws.reset()
        tables.reset()
        yield
    aws.reset()
    tables.reset()


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
