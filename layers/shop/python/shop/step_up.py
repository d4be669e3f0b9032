"""How surely and how lately a caller must have been proved (RFC 9470).

Levels are those of NIST SP 800-63B, as the claim `acr` has them. Who has too little is told what is
missing, proves it, and repeats the request with the token that says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shop import problems
from shop.problems import Problem

ONE_FACTOR, TWO_FACTORS = "aal1", "aal2"
_LEVELS = (ONE_FACTOR, TWO_FACTORS)


@dataclass(frozen=True, slots=True)
class StepUp:
    """A level, and how long ago it may have been proved."""

    max_age: timedelta
    level: str = TWO_FACTORS

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
