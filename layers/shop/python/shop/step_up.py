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


@dataclass(frozen=True, slots=True)
class StepUp:
    """A level, and how long ago it may have been proved. Staff is always asked for it; customers
    are, or only those who have a second factor, or none of them."""

    max_age: timedelta
    level: str = TWO_FACTORS
    customers: Literal["all", "with_a_factor", "none"] = "all"

    def is_asked(self, *, customer: bool, has_factor: bool) -> bool:
        """Whether it is asked of such a caller."""
        if not customer or self.customers == "all":
            return True
        return has_factor and self.customers == "with_a_factor"

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
