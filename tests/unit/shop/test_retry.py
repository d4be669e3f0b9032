"""Retries: they spread, they have a longest pause, and a request has so many and no more."""

import pytest

from shop import retry


def test_pauses_double_up_to_the_longest_and_spread_from_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    monkeypatch.setattr("random.uniform", uniform)
    for attempt in range(6):
        retry.backoff(attempt, base_s=0.1, cap_s=1.0)
    assert asked == [(0, 0.1), (0, 0.2), (0, 0.4), (0, 0.8), (0, 1.0), (0, 1.0)]


def test_all_loops_of_a_request_share_one_budget() -> None:
    with retry.budget(3):
        assert [retry.spend() for _ in range(5)] == [True, True, True, False, False]


def test_each_request_begins_with_all_of_it() -> None:
    for _ in range(2):
        with retry.budget(1):
            assert retry.spend()
            assert not retry.spend()


def test_outside_of_a_request_each_loop_has_its_own_limit_alone() -> None:
    assert all(retry.spend() for _ in range(100))
