"""The erasure of a user: asked for, taken back or begun, done.

    requested -> begun -> erased
        +-------> withdrawn

A request waits for its time, in which its user may think again. Once begun there is no way back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class ErasureStatus(StrEnum):
    """How far it is."""

    REQUESTED = "requested"
    WITHDRAWN = "withdrawn"
    BEGUN = "begun"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One request to be erased. Who knows its id sees how far it is, for then there is no account
    left by which to ask; `receipt` is signed, and there at the end."""

    erasure_id: str
    user_id: str
    requested: datetime
    due: datetime
    status: ErasureStatus = ErasureStatus.REQUESTED
    erased: datetime | None = None
    receipt: str | None = None
    version: int = 1  # of what is stored, and the sequence of its event


class TooEarly(Exception):
    """Its user may still take it back."""


def request(erasure_id: str, user_id: str, *, grace: timedelta, now: datetime) -> Erasure:
    """A new one, which takes effect when the time to take it back is over."""
    return Erasure(erasure_id, user_id, requested=now, due=now + grace)


def withdraw(erasure: Erasure) -> Erasure:
    """Taken back by its user."""
    return _next(erasure, status=ErasureStatus.WITHDRAWN)


def begin(erasure: Erasure, *, now: datetime) -> Erasure:
    """For good. Raises TooEarly before its time."""
    if now < erasure.due:
        raise TooEarly(erasure.erasure_id)
    return _next(erasure, status=ErasureStatus.BEGUN)


def finish(erasure: Erasure, receipt: str, *, now: datetime) -> Erasure:
    """Done, with the receipt."""
    return _next(erasure, status=ErasureStatus.ERASED, erased=now, receipt=receipt)


def statement(
    erasure: Erasure, kept: Mapping[str, int], *, issuer: str, now: datetime
) -> dict[str, object]:
    """What a receipt says: claims by the names of RFC 7519, and how many rows of which service stay
    with ids and amounts. Nothing in it is personal."""
    return {
        "iss": issuer,
        "sub": erasure.user_id,
        "jti": erasure.erasure_id,
        "iat": int(now.timestamp()),
        "requested_at": int(erasure.requested.timestamp()),
        "key_destroyed": True,
        "kept": dict(kept),
    }


def _next(erasure: Erasure, **changes: object) -> Erasure:
    return replace(erasure, version=erasure.version + 1, **changes)  # type: ignore[arg-type]
