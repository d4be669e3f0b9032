"""One key, one answer."""

from datetime import UTC, datetime, timedelta

from shop import clock, problems
from shop.idempotency import (
    IdempotencyRecord,
    Replay,
    Resume,
    StoredResponse,
    decide,
    fingerprint,
    lease_end,
)
from shop.problems import Problem

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def stored(**changes: object) -> IdempotencyRecord:
    values = {
        "fingerprint": "f",
        "lease_owner": "other",
        "lease_until": lease_end(NOW),
        "answer": None,
    }
    return IdempotencyRecord(**(values | changes))  # type: ignore[arg-type]


def test_another_body_is_refused_even_when_the_first_is_done() -> None:
    found = decide(stored(answer=StoredResponse(201, "{}")), fingerprint="g", owner="me", now=NOW)
    assert isinstance(found, Problem)
    assert found.type is problems.IDEMPOTENCY_KEY_REUSED


def test_a_finished_request_is_answered_again() -> None:
    answer = StoredResponse(409, '{"a":1}')
    assert decide(stored(answer=answer), fingerprint="f", owner="me", now=NOW) == Replay(answer)


def test_a_running_request_is_left_alone() -> None:
    found = decide(stored(), fingerprint="f", owner="me", now=NOW)
    assert isinstance(found, Problem)
    assert found.type is problems.REQUEST_IN_PROGRESS
    assert int(found.headers["Retry-After"]) >= 1


def test_an_abandoned_request_is_resumed() -> None:
    later = clock.parse(lease_end(NOW)) + timedelta(milliseconds=1)
    found = decide(stored(), fingerprint="f", owner="me", now=later)
    assert found == Resume(lease_end(NOW))


def test_our_own_write_whose_answer_was_lost_is_resumed() -> None:
    assert isinstance(decide(stored(), fingerprint="f", owner="other", now=NOW), Resume)


def test_equal_content_has_one_fingerprint() -> None:
    assert fingerprint({"a": 1, "b": [1, 2]}) == fingerprint({"b": [1, 2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
