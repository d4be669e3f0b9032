"""Events of identity. Ids only: who a user is stands in no event."""

from datetime import datetime
from typing import ClassVar, Literal

from shop.events import Event, EventData, EventView, event
from shop.trace import Trace

Purpose = Literal[
    "registration",
    "resend",
    "reset",
    "code",
    "factor_added",
    "factor_removed",
    "factors_reset",
    "recovery_code_used",
]


class MailRequested(EventData):
    """Somebody asked for a mail; whether one is sent is decided by who reads this. Subject: the
    mail. `address_hash` is the keyed hash by which its row is found.
    """

    TYPE: ClassVar[str] = "mail.requested"

    mail_id: str
    purpose: Purpose
    address_hash: str


class RequestedMail(EventView):
    """What is read of it, here."""

    TYPES: ClassVar[tuple[str, ...]] = ("mail.requested",)

    mail_id: str
    purpose: Purpose
    address_hash: str


class UserRegistered(EventData):
    """Somebody has proved their address and has an account, or staff was made. Subject: the
    user."""

    TYPE: ClassVar[str] = "user.registered"

    user_id: str


class UserPasswordChanged(EventData):
    """The password is another one; sessions of before are over. Subject: the user."""

    TYPE: ClassVar[str] = "user.password_changed"

    user_id: str


class UserProfileChanged(EventData):
    """Name or locale are others. Subject: the user."""

    TYPE: ClassVar[str] = "user.profile_changed"

    user_id: str


class UserConsentsChanged(EventData):
    """The user agrees to other things than before. Subject: the user."""

    TYPE: ClassVar[str] = "user.consents_changed"

    user_id: str


class UserDeactivated(EventData):
    """The user closed the account; its sessions cannot go on. Subject: the user."""

    TYPE: ClassVar[str] = "user.deactivated"

    user_id: str


class UserDisabled(EventData):
    """An operator closed the account; its sessions cannot go on. Subject: the user."""

    TYPE: ClassVar[str] = "user.disabled"

    user_id: str


class UserEnabled(EventData):
    """An operator opened the account again, with another password. Subject: the user."""

    TYPE: ClassVar[str] = "user.enabled"

    user_id: str


class UserErasureRequested(EventData):
    """The user wants to be erased, which takes effect at `due_at`. Subject: the user."""

    TYPE: ClassVar[str] = "user.erasure_requested"

    user_id: str
    erasure_id: str
    due_at: str


class ErasureWanted(EventView):
    """What is read of it, here."""

    TYPES: ClassVar[tuple[str, ...]] = ("user.erasure_requested",)

    user_id: str
    erasure_id: str
    due_at: str


class UserErasureWithdrawn(EventData):
    """The user stays. Subject: the user."""

    TYPE: ClassVar[str] = "user.erasure_withdrawn"

    user_id: str
    erasure_id: str


class UserErased(EventData):
    """Whatever was personal of the user can be read by nobody. Subject: the erasure, whose row
    tells it: the user's is gone."""

    TYPE: ClassVar[str] = "user.erased"

    user_id: str
    erasure_id: str


class UserExportRequested(EventData):
    """The user wants all that is held of them. Subject: the export."""

    TYPE: ClassVar[str] = "user.export_requested"

    user_id: str
    export_id: str


class ExportWanted(EventView):
    """What is read of it, here."""

    TYPES: ClassVar[tuple[str, ...]] = ("user.export_requested",)

    user_id: str
    export_id: str


class UserExportReady(EventData):
    """The user can fetch it. Subject: the export."""

    TYPE: ClassVar[str] = "user.export_ready"

    user_id: str
    export_id: str


class UserFactorAdded(EventData):
    """The user can be asked for one more second factor. Subject: the user."""

    TYPE: ClassVar[str] = "user.factor_added"

    user_id: str
    factor_id: str


class UserFactorRemoved(EventData):
    """The user has removed a second factor. Subject: the user."""

    TYPE: ClassVar[str] = "user.factor_removed"

    user_id: str
    factor_id: str


class UserFactorsReset(EventData):
    """An operator has removed all second factors; sessions of before are over. Subject: the
    user."""

    TYPE: ClassVar[str] = "user.factors_reset"

    user_id: str


class UserRecoveryCodeUsed(EventData):
    """A recovery code stood in for a second factor, and is good no more. Subject: the user."""

    TYPE: ClassVar[str] = "user.recovery_code_used"

    user_id: str


class UserRecoveryCodesRenewed(EventData):
    """The recovery codes are others; none of before is good. Subject: the user."""

    TYPE: ClassVar[str] = "user.recovery_codes_renewed"

    user_id: str


class MfaVerified(EventData):
    """A second factor was proved in a session. Subject: the challenge."""

    TYPE: ClassVar[str] = "mfa.verified"

    user_id: str
    session_id: str
    challenge_id: str


class SessionCreated(EventData):
    """A user signed in. Subject: the session."""

    TYPE: ClassVar[str] = "session.created"

    user_id: str
    session_id: str


class SessionEnded(EventData):
    """A user has ended a session, or it made room for a newer one. Subject: the session."""

    TYPE: ClassVar[str] = "session.ended"

    user_id: str
    session_id: str


class UserSessionsEnded(EventData):
    """A user has ended all sessions. Subject: the user."""

    TYPE: ClassVar[str] = "user.sessions_ended"

    user_id: str


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
