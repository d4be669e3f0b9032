"""Events of identity. Ids only: who a user is stands in no event."""

from datetime import datetime
from typing import ClassVar

from shop.events import Event, EventData, event
from shop.trace import Trace


class UserRegistered(EventData):
    """Somebody registered, or staff was created. Subject: the user."""

    TYPE: ClassVar[str] = "user.registered"

    user_id: str


class UserDisabled(EventData):
    """An operator closed the account; its sessions cannot go on. Subject: the user."""

    TYPE: ClassVar[str] = "user.disabled"

    user_id: str


class UserEnabled(EventData):
    """An operator opened the account again, with another password. Subject: the user."""

    TYPE: ClassVar[str] = "user.enabled"

    user_id: str


class SessionCreated(EventData):
    """A user signed in. Subject: the session."""

    TYPE: ClassVar[str] = "session.created"

    user_id: str
    session_id: str


class RefreshReuseDetected(EventData):
    """A replaced refresh token came back, so the session was ended. Subject: the session."""

    TYPE: ClassVar[str] = "session.refresh_reuse_detected"

    user_id: str
    session_id: str


def event_of(data: EventData, subject: str, sequence: int, *, now: datetime, trace: Trace) -> Event:
    """The envelope of one of these; `sequence` counts the events of its subject from 1."""
    return event(
        data, producer="identity", subject=subject, sequence=sequence, now=now, trace=trace
    )
