"""Challenges: a second factor is asked for, for one session and one purpose, and answered once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from identity.domain import factor
from identity.domain.factor import Factor, Kind

LIFETIME = timedelta(minutes=5)
TRIES = 5


class Purpose(StrEnum):
    """What the answer is good for."""

    STEP_UP = "step_up"  # its session is that of a user who was proved by two factors


@dataclass(frozen=True, slots=True)
class Challenge:
    """One of them. `factor_id` is the one factor that is asked for; None: any app of the user's.
    `mail_id` is the mail with its code; None: none was sent."""

    challenge_id: str
    user_id: str
    session_id: str
    purpose: Purpose
    created: datetime
    factor_id: str | None = None
    mail_id: str | None = None
    tries: int = 0
    answered: datetime | None = None

    @property
    def ends(self) -> datetime:
        """From then on no answer is taken."""
        return self.created + LIFETIME

    def is_open(self, session_id: str, purpose: Purpose, *, now: datetime) -> bool:
        """Whether this session may answer it, for this purpose."""
        own = self.session_id == session_id and self.purpose is purpose
        return own and self.answered is None and self.tries < TRIES and now < self.ends

    def asks_for(self, factors: Iterable[Factor]) -> Sequence[Factor]:
        """Whose codes answer it."""
        found = factor.active(factors)
        kind = Kind.EMAIL if self.mail_id else Kind.TOTP
        wanted = (each for each in found if self.factor_id in (None, each.factor_id))
        return [each for each in wanted if each.kind is kind]
