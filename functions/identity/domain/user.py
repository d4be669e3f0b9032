"""Users: roles and their scopes, ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """Whether the address was confirmed."""

    PENDING_VERIFICATION = "pending_verification"
    ACTIVE = "active"


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


def user_id_of(address_mac: str, *, region: str) -> str:
    """The id that this address has or would have: so an answer need not know whether it exists."""
    return ids.derive("usr", address_mac, region=region)
