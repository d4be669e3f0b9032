"""What a repeated request gets, decided from the row that the first one made.

The row's id is derived from (caller, key), so there is no second table and no lock that a crash
could leave behind: only a lease, which ends by itself. (IETF draft-ietf-httpapi-idempotency-key.)
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shop import card_numbers, clock, problems
from shop.problems import Problem, ProblemType
from shop.text import compact_json
from shop.trace import Trace

# Longer than a route's function may run, so the one that took a lease is gone when it ends. A step
# that it started may still be at work: steps are conditional writes and safe beside each other.
LEASE = timedelta(seconds=30)
HEADER = "Idempotency-Key"
MAX_KEY = 255
_VISIBLE = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The first answer: its status and the exact text of its body, stored once, sent verbatim."""

    status: int
    body: str

    @classmethod
    def of_problem(cls, problem: Problem, trace: Trace) -> "StoredResponse":
        """A problem document, as it is sent for the request that this trace names."""
        text = problems.render(problem, request_id=trace.request_id, instance=trace.instance)
        return cls(problem.type.status, text)


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """What the row says about the request that made it."""

    fingerprint: str
    lease_owner: str
    lease_until: str
    answer: StoredResponse | None


@dataclass(frozen=True, slots=True)
class Replay:
    """Answer with the first answer."""

    answer: StoredResponse


@dataclass(frozen=True, slots=True)
class Resume:
    """Nobody works on it: take the lease over (if it still is `lease_until`) and go on."""

    lease_until: str


def key_of(lines: Sequence[str], *, required: bool = True) -> str | Problem:
    """The key in these lines of the header, or what is wrong with it, without quoting it. An empty
    one is none where one is required, and no key anywhere."""
    if not any(lines):
        missing = (problems.IDEMPOTENCY_KEY_REQUIRED, "missing", "required")
        empty = (problems.IDEMPOTENCY_KEY_INVALID, "empty", "not empty")
        return _no_key(*(missing if required else empty))
    # On its way several lines may have become one (RFC 9110, 5.3).
    if len(lines) > 1 or ", " in lines[0]:
        return _no_key(problems.IDEMPOTENCY_KEY_INVALID, "repeated", "once only")
    if not _VISIBLE.fullmatch(lines[0]):
        detail = "visible ASCII characters only: no blanks, no accents"
        return _no_key(problems.IDEMPOTENCY_KEY_INVALID, "characters", detail)
    if len(lines[0]) > MAX_KEY:
        detail = f"at most {MAX_KEY} characters"
        return _no_key(problems.IDEMPOTENCY_KEY_INVALID, "too_long", detail)
    if card_numbers.is_in(lines[0]):
        detail = "has a card number in it"
        return _no_key(problems.IDEMPOTENCY_KEY_INVALID, "card_number", detail)
    return lines[0]


def _no_key(kind: ProblemType, code: str, detail: str) -> Problem:
    return Problem(
        kind,
        f"Send a unique key of 1 to {MAX_KEY} visible ASCII characters per intended effect.",
        errors=[{"header": HEADER, "code": code, "detail": detail}],
    )


def fingerprint(body: Any) -> str:
    """SHA-256 of the canonical JSON of a body: equal for equal content, whatever its spacing.

    As base64url, which is a third shorter than hexadecimal: every order and payment carries one.
    """
    digest = hashlib.sha256(compact_json(body, sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def lease_end(now: datetime) -> str:
    """Until when a request that starts now is left alone."""
    return clock.rfc3339(now + LEASE)


def decide(
    stored: IdempotencyRecord, *, fingerprint: str, owner: str, now: datetime
) -> Replay | Resume | Problem:
    """What to do for a request whose row exists already."""
    if stored.fingerprint != fingerprint:
        return Problem(
            problems.IDEMPOTENCY_KEY_REUSED,
            "Use a new key for a new request; repeat a request with its own body.",
        )
    if stored.answer is not None:
        return Replay(stored.answer)
    if stored.lease_owner == owner or stored.lease_until <= clock.rfc3339(now):
        return Resume(stored.lease_until)  # Our own write, whose answer was lost, counts too.
    seconds = max(1, int((clock.parse(stored.lease_until) - now).total_seconds()) + 1)
    return Problem(
        problems.REQUEST_IN_PROGRESS,
        "Repeat the request with the same key to get its answer.",
        headers={"Retry-After": str(min(seconds, 2))},
    )
