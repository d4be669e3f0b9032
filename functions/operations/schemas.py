"""HTTP shapes of operations."""

from typing import Literal

from shop.schemas import ResponseModel


class HealthOut(ResponseModel):
    """The platform answers. `checks` names what was asked, and how it was."""

    status: Literal["ok"]
    version: str
    region: str
    stage: str
    checks: dict[str, Literal["ok", "failed"]]


class ErrorOut(ResponseModel):
    """A problem that the API can answer; `code` is the contract."""

    type: str
    code: str
    status: int
    title: str
    retryable: bool


class ErrorsOut(ResponseModel):
    """The whole catalogue."""

    data: list[ErrorOut]
    next_cursor: None


class ViolationOut(ResponseModel):
    """What is not as it must be. `subject` is an id, an account or `<sku>@<location>`."""

    subject: str
    detail: str
    first_seen: str


class InvariantOut(ResponseModel):
    """An invariant. `count` is the number of violations, of which the oldest 50 are listed."""

    holds: bool
    count: int
    violations: list[ViolationOut]


class InvariantsOut(ResponseModel):
    """All invariants as of a moment up to which every change was looked at."""

    as_of: str
    checked_at: str
    lag_seconds: int
    invariants: dict[str, InvariantOut]
