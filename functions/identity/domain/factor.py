"""Second factors of a user: how one is enrolled, asked for and let go of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

MOST = 5  # of a user, those that are being enrolled among them
ENROLMENT = timedelta(minutes=10)
TRIES = 5  # codes to confirm an enrolment with
RECENT = timedelta(minutes=10)  # how old the proof of who changes their factors may be


class Kind(StrEnum):
    """What it is."""

    TOTP = "totp"
    EMAIL = "email"  # codes are mailed to the user's address


class Status(StrEnum):
    """Whether it counts: only once a code of it was seen."""

    PENDING = "pending"
    ACTIVE = "active"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FactorDetails:
    """What is secret and personal of it: what its codes are made of, where they are not mailed, and
    what its user calls it."""

    secret: str | None = field(default=None, repr=False)
    label: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor. `personal` are its details, sealed (service/seal_details.py); `last_step` is the
    time step of the newest code that was taken: no code of then or before is taken again."""

    factor_id: str
    user_id: str
    kind: Kind
    status: Status
    created: datetime
    personal: bytes | None = field(default=None, repr=False)
    confirmed: datetime | None = None
    last_step: int | None = None
    mail_id: str | None = None  # of the code that confirms it, where that is mailed

    @property
    def is_active(self) -> bool:
        """Whether it can be asked for."""
        return self.status is Status.ACTIVE

    def is_pending(self, now: datetime) -> bool:
        """Whether it can still be confirmed."""
        return self.status is Status.PENDING and now < self.created + ENROLMENT

    def is_newer(self, step: int) -> bool:
        """Whether a code of this step was not taken yet."""
        return self.last_step is None or step > self.last_step


def in_use(factors: Iterable[Factor], now: datetime) -> Sequence[Factor]:
    """Those that count towards the most, oldest first."""
    kept = [each for each in factors if each.is_active or each.is_pending(now)]
    return sorted(kept, key=lambda each: (each.created, each.factor_id))


def active(factors: Iterable[Factor]) -> Sequence[Factor]:
    """Those that can be asked for, oldest first."""
    found = [each for each in factors if each.is_active]
    return sorted(found, key=lambda each: (each.created, each.factor_id))
