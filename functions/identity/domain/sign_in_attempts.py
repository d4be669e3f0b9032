"""The limit on guessing passwords: attempts by address and quarter of an hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_FAILURES = 5
WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Window:
    """A quarter of an hour in which the failures of one address are counted."""

    number: int

    @property
    def ends_at(self) -> int:
        """Epoch seconds."""
        return (self.number + 1) * int(WINDOW.total_seconds())

    def seconds_left(self, now: datetime) -> int:
        """For Retry-After: whole seconds, at least one."""
        return max(1, self.ends_at - int(now.timestamp()))


def window_of(now: datetime) -> Window:
    """The window that `now` is in."""
    return Window(int(now.timestamp()) // int(WINDOW.total_seconds()))
