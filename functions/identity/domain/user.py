"""Users: roles and their scopes, e-mail addresses, ids."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shop import ids

MAX_EMAIL = 254  # RFC 5321, in characters: at most 1,016 bytes, and KMS makes MACs of up to 4,096


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


def normalise_email(email: str) -> str:
    """One form for all spellings of an address: people type capitals and full-width characters."""
    return unicodedata.normalize("NFKC", email).lower()


def normalise_password(password: str) -> str:
    """One form for all keyboards (NIST SP 800-63B, 3.1.1.2): é may come as one character or two."""
    return unicodedata.normalize("NFKC", password)


def user_id_of(address_mac: str, *, region: str) -> str:
    """The id that this address has or would have: so an answer need not know whether it exists."""
    return ids.derive("usr", address_mac, region=region)
