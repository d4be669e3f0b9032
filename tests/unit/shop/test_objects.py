"""Objects of a bucket, as S3 answers who may not list it."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from shop import aws
from shop.objects import Objects

ARCHIVES = Objects("exports")


@pytest.fixture
def s3() -> Iterator[Stubber]:
    aws.reset()
    with Stubber(aws.client("s3")) as answers:
        yield answers
    aws.reset()


@pytest.mark.parametrize(
    ("code", "status"), [("NoSuchKey", 404), ("404", 404), ("AccessDenied", 403)]
)
def test_what_is_not_there_is_nothing(s3: Stubber, code: str, status: int) -> None:
    """Without s3:ListBucket, S3 does not tell whether an object is missing."""
    s3.add_client_error("get_object", code, http_status_code=status)
    assert ARCHIVES.get("a/b.zip") is None


def test_what_could_not_be_read_is_not_missing(s3: Stubber) -> None:
    s3.add_client_error("get_object", "InvalidObjectState", http_status_code=403)
    with pytest.raises(ClientError):
        ARCHIVES.get("a/b.zip")


def test_a_bucket_that_hangs_is_given_up_within_a_step(s3: Stubber) -> None:
    config: Any = s3.client.meta.config
    assert config.read_timeout == aws.READ_TIMEOUT_S
    s3.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    ARCHIVES.get("a/b.zip")
    s3.assert_no_pending_responses()  # It was this client that was asked.
