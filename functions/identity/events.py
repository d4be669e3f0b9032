"""Events of identity. Ids only: who a user is stands in no event."""

from typing import ClassVar

from shop.events import EventData


class UserRegistered(EventData):
    """Somebody registered, or staff was created. Subject: the user."""

    TYPE: ClassVar[str] = "user.registered"

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
