"""What an app of one-time codes does for people, for the programs of this tree.

For seeded staff, whose secrets stand in `.local/platform.json`, and for factors that a program has
enrolled itself.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pyotp import TOTP

STEP_S = 30
# One request, of who has signed in: method, path, body; status and body.
Send = Callable[[str, str, Any], tuple[int, Any]]


class NotProved(Exception):
    """The platform took no code. It says what was answered."""


def prove(send: Send, secret: str, *, wait: Callable[[float], None] = time.sleep) -> str:
    """Prove the second factor: an access token that says so.

    A code is taken once, and others may use this factor too: it waits for one that is new, for
    half a minute at most, rather than have one refused, which counts as a guess.
    """
    for _ in range(3):
        factors = _expect(send("GET", "/mfa/factors", None), 200)["data"]
        newest = max((_step_of(each["last_used_at"]) for each in factors), default=0)
        step = max(newest + 1, _now() - 1)
        wait(max(0.0, (step - 1) * STEP_S - time.time()))  # A step ahead is taken, too.
        asked = _expect(send("POST", "/mfa/challenge", {}), 202)["challenge_id"]
        answer = {"challenge_id": asked, "code": code(secret, step)}
        status, body = send("POST", "/mfa/verify", answer)
        if status == 200:
            return str(body["access_token"])
    raise NotProved(f"{status} {(body or {}).get('code', '')}")


def code(secret: str, step: int | None = None) -> str:
    """That of a time step; of now, if none is said."""
    return TOTP(secret).generate_otp(_now() if step is None else step)


def _now() -> int:
    return int(time.time()) // STEP_S


def _step_of(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // STEP_S


def _expect(answer: tuple[int, Any], status: int) -> Any:
    if answer[0] != status:
        raise NotProved(f"{answer[0]} {(answer[1] or {}).get('code', '')}")
    return answer[1]
