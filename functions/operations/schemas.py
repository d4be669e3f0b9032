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
