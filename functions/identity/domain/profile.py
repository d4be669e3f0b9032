"""Who a user is to people: what reaches them, what they are called, who changed their account."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class UserProfile:
    """What is personal of a user; it stays out of `repr`, so out of logs. `changed_by` is the
    operator who changed the account last, None if nobody did."""

    email: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    locale: str | None = field(default=None, repr=False)
    changed_by: str | None = field(default=None, repr=False)

    def but(self, changes: Mapping[str, str | None]) -> "UserProfile":
        """With another name or locale."""
        return replace(self, **changes)  # type: ignore[arg-type]
