"""Codes as a program types them: each once, and none that would be refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tools import second_factor

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
STEP = 37037036
NOW = STEP * 30 + 10.0  # ten seconds into that step


class Platform:
    """Takes newer codes only, a step ahead at most."""

    def __init__(self, newest: int) -> None:
        self.newest, self.now, self.waited, self.refused = newest, NOW, 0.0, 0

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds

    def send(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if (method, path) == ("GET", "/mfa/factors"):
            used = datetime.fromtimestamp(self.newest * 30, UTC).isoformat()
            return 200, {"data": [{"last_used_at": used}]}
        if path == "/mfa/challenge":
            return 202, {"challenge_id": "cha_1"}
        current = int(self.now) // 30
        steps = range(max(self.newest + 1, current - 1), current + 2)
        found = [step for step in steps if second_factor.code(SECRET, step) == body["code"]]
        if not found:
            self.refused += 1
            return 422, {"code": "wrong_code"}
        self.newest = found[0]
        return 200, {"access_token": "raised"}


def prove(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("tools.second_factor.time.time", lambda: platform.now)
    return second_factor.prove(platform.send, SECRET, wait=platform.wait)


def test_three_in_a_row_wait_for_nothing_and_the_fourth_for_its_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform = Platform(newest=0)
    for _ in range(3):
        assert prove(platform, monkeypatch) == "raised"
    assert platform.waited == 0
    assert prove(platform, monkeypatch) == "raised"
    assert platform.waited == 20
    assert platform.refused == 0


def test_what_was_refused_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    platform = Platform(newest=0)
    with pytest.raises(second_factor.NotProved, match="422 wrong_code"):
        second_factor.prove(platform.send, SECRET[::-1], wait=platform.wait)
