"""HTTP shapes of operations."""

from typing import Literal

from shop.schemas import Out


class HealthOut(Out):
    """The platform answers. `checks` names what was asked, and how it was."""

    status: Literal["ok"]
    version: str
    region: str
    stage: str
    checks: dict[str, Literal["ok", "failed"]]


class ErrorOut(Out):
    """A problem that the API can answer; `code` is the contract."""

    type: str
    code: str
    status: int
    title: str
    retryable: bool


class ErrorsOut(Out):
    """The whole catalogue."""

    data: list[ErrorOut]
    next_cursor: None


class ViolationOut(Out):
    """What is not as it must be. `subject` is an id, an account or `<sku>@<location>`."""

    subject: str
    detail: str
    first_seen: str


class InvariantOut(Out):
    """An invariant. `count` is the number of violations, of which the oldest 50 are listed."""

    holds: bool
    count: int
    violations: list[ViolationOut]


class InvariantsOut(Out):
    """All invariants as of a moment up to which every change was looked at."""

    as_of: str
    checked_at: str
    lag_seconds: int
    invariants: dict[str, InvariantOut]
