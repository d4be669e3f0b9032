"""AWS clients: one call that hangs never takes the whole function with it."""

from collections.abc import Iterator

import pytest

from shop import aws

STEP_S = 6  # the shortest task; tests/infra compares each function


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    aws.reset()
    yield
    aws.reset()


@pytest.mark.parametrize("service", ["dynamodb", "sqs", "kms", "events", "secretsmanager"])
def test_a_call_that_nobody_answers_is_repeated_and_given_up_within_a_step(service: str) -> None:
    config = aws.client(service).meta.config
    attempts = config.retries["total_max_attempts"]
    assert attempts >= 2
    # Standard mode: a pause of at most 1 s before the second try, of 2 s before the third.
    pauses = sum(2**number for number in range(attempts - 1))
    longest = attempts * (config.connect_timeout + config.read_timeout) + pauses
    assert longest == pytest.approx(aws.longest_call_s())
    assert longest < STEP_S


def test_one_hung_call_leaves_time_for_another_answer_in_the_same_step() -> None:
    first_try = aws.CONNECT_TIMEOUT_S + aws.READ_TIMEOUT_S + 1  # and the pause after it
    assert first_try + aws.READ_TIMEOUT_S < STEP_S


def test_who_means_to_wait_longer_says_so() -> None:
    config = aws.client("stepfunctions", read_timeout_s=26, attempts=1).meta.config
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (26, 1)
