"""How surely and how lately a caller must have been proved (RFC 9470).

Levels are those of NIST SP 800-63B, as the claim `acr` has them. Who has too little is told what is
missing, proves it, and repeats the request with the token that says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shop import problems
from shop.problems import Problem

ONE_FACTOR, TWO_FACTORS = "aal1", "aal2"
_LEVELS = (ONE_FACTOR, TWO_FACTORS)
Asked = Literal["all", "with_a_factor", "none"]


@dataclass(frozen=True, slots=True)
class StepUp:
    """A level, and how long ago it may have been proved; of customers and of staff, whether all are
    asked for it, or only those who have a second factor, or none."""

    max_age: timedelta
    level: str = TWO_FACTORS
    customers: Asked = "all"
    staff: Asked = "all"

    def is_asked(self, *, customer: bool, has_factor: bool) -> bool:
        """Whether it is asked of such a caller."""
        asked = self.customers if customer else self.staff
        return asked == "all" or (has_factor and asked == "with_a_factor")

    def is_met(self, level: str, proved: datetime, *, now: datetime) -> bool:
        """Whether a proof of that level and time is enough."""
        known = level in _LEVELS and _LEVELS.index(level) >= _LEVELS.index(self.level)
        return known and now - proved < self.max_age

    @property
    def refusal(self) -> Problem:
        """What is missing. The gateway of AWS renames `WWW-Authenticate`, so the document says the
        same."""
        age = int(self.max_age.total_seconds())
        return Problem(
            problems.STEP_UP_REQUIRED,
            f"Prove yourself at the level {self.level}, not longer than {age} seconds ago.",
            extensions={"acr_values": self.level, "max_age": age},
            headers={
                "WWW-Authenticate": 'Bearer error="insufficient_user_authentication", '
                f'acr_values="{self.level}", max_age="{age}"'
            },
        )


# What staff sees and does is everybody's: an hour is a piece of work at a desk.
STAFF = StepUp(timedelta(hours=1), customers="none")
# A customer's own money: who has a second factor has it so that a password is not enough to pay.
OWN_MONEY = StepUp(timedelta(minutes=15), customers="with_a_factor")
# One's own account, taken over, closed or carried away: whoever has a second factor, staff too, is
# asked for it. Who has none yet is told by the route what a password has to do.
OWN_ACCOUNT = StepUp(timedelta(minutes=10), customers="with_a_factor", staff="with_a_factor")
# The same of who has none, where the session alone must not be enough.
RECENT_SIGN_IN = StepUp(OWN_ACCOUNT.max_age, level=ONE_FACTOR)
