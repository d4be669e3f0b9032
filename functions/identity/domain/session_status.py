"""Whether who holds an access token may still act: what is stored of the user and the session."""

from dataclasses import dataclass
from datetime import datetime

from identity.domain.user import Status, goes_on


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """A user and one of their sessions, as they are now."""

    user_status: Status
    sessions_from: datetime | None
    kept_session: str | None
    begun: datetime
    revoked: bool
    ends: datetime
    factors: int = 0  # second factors of the user

    def is_active(self, session_id: str, *, now: datetime) -> bool:
        """Whether a token of the session counts."""
        kept = goes_on(
            self.user_status,
            sessions_from=self.sessions_from,
            kept_session=self.kept_session,
            session_id=session_id,
            begun=self.begun,
        )
        return kept and not self.revoked and now < self.ends
