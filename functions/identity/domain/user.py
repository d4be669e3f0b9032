"""Users: roles and their scopes, ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from shop import ids


class Role(StrEnum):
    """What a user is to the shop. Registration makes customers only."""

    CUSTOMER = "customer"
    FINANCE = "finance"
    ADMIN = "admin"
    OPS = "ops"


class Status(StrEnum):
    """Whether the address was confirmed, and whether an operator closed the account."""

    PENDING_VERIFICATION = "pending_verification"
    ACTIVE = "active"
    DISABLED = "disabled"


SCOPES: Mapping[Role, str] = {
    Role.CUSTOMER: "shop:buy",
    Role.FINANCE: "finance:read",
    Role.ADMIN: "catalog:write inventory:write orders:read orders:write payments:write",
    Role.OPS: "ops",
}


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored. Address, name and hash stay out of `repr`, so out of logs."""

    user_id: str
    role: Role
    status: Status
    email: str = field(repr=False)
    password_hash: str = field(repr=False)
    created: datetime
    marketing: bool = False
    name: str | None = field(default=None, repr=False)
    locale: str | None = None
    sequence: int = 1  # of its events
    sessions_from: datetime | None = None  # those that began before are over
    changed_by: str | None = field(default=None, repr=False)  # the operator; None: nobody did

    @property
    def is_disabled(self) -> bool:
        """Whether it can neither sign in nor go on."""
        return self.status is Status.DISABLED

    def keeps_session(self, *, begun: datetime) -> bool:
        """Whether a session that began then may go on."""
        cut = self.sessions_from is not None and begun <= self.sessions_from
        return not self.is_disabled and not cut


def disable(user: User, *, by: str, now: datetime) -> User:
    """Close the account and end its sessions; once is enough."""
    if user.is_disabled:
        return user
    return _changed(user, Status.DISABLED, by=by, now=now)


def enable(user: User, password_hash: str, *, by: str, now: datetime) -> User:
    """Open it again with another password. No session from before comes back."""
    return replace(_changed(user, Status.ACTIVE, by=by, now=now), password_hash=password_hash)


def _changed(user: User, status: Status, *, by: str, now: datetime) -> User:
    return replace(
        user, status=status, sequence=user.sequence + 1, sessions_from=now, changed_by=by
    )


def user_id_of(address_mac: str, *, region: str) -> str:
    """The id that this address has or would have: so an answer need not know whether it exists."""
    return ids.derive("usr", address_mac, region=region)
