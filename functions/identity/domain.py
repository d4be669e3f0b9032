"""Rules of identity: addresses, roles, the limit on guessing, and refresh-token families.

Pure Python: no AWS, no clock, no randomness; callers pass `now` and secrets in. How access tokens
look is tokens.py, how they are checked verifier.py, what they open policy.py.
"""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shop import ids

MAX_EMAIL = 254  # RFC 5321, in characters: at most 1,016 bytes, and KMS makes MACs of up to 4,096
MAX_FAILURES = 5
WINDOW = timedelta(minutes=15)
# A refresh token that nobody uses ends after IDLE, a session after LIFETIME whatever happens.
IDLE = timedelta(days=30)
LIFETIME = timedelta(days=90)
# Longer than the gateway's 29 s: a client that waited in vain for an answer can still repeat.
GRACE = timedelta(seconds=30)


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


class Standing(StrEnum):
    """What a refresh token is to its family."""

    CURRENT = "current"
    REPLACED = "replaced"  # just now, by this request or one whose answer may be lost
    REPLAYED = "replayed"  # replaced longer ago: two parties hold tokens of one family
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Family:
    """All refresh tokens of one session, of which one is current. Tokens are stored as digests.

    `family_id` stands in refresh tokens only, so whoever names it holds one of them; the world
    knows the session as `session_id`.
    """

    family_id: str = field(repr=False)
    user_id: str
    current: str = field(repr=False)
    created: datetime
    rotated: datetime
    ends: datetime
    previous: str | None = field(default=None, repr=False)
    salt: str | None = field(default=None, repr=False)
    revoked: datetime | None = None
    device: str | None = field(default=None, repr=False)

    @property
    def session_id(self) -> str:
        """What tokens, events and logs call it."""
        return session_id_of(self.family_id)

    def expires_in(self, now: datetime) -> int:
        """Seconds for which the current token can be used."""
        return int((min(self.rotated + IDLE, self.ends) - now).total_seconds())

    def standing(self, token_digest: str, *, now: datetime) -> Standing:
        """How to take a token of this family that arrives at `now`."""
        if self.revoked is not None or self.expires_in(now) <= 0:
            return Standing.DEAD
        if hmac.compare_digest(self.current, token_digest):
            return Standing.CURRENT
        replaced = self.previous is not None and hmac.compare_digest(self.previous, token_digest)
        if replaced and now < self.rotated + GRACE:
            return Standing.REPLACED
        return Standing.REPLAYED


def begin(user_id: str, token: str, *, family_id: str, device: str | None, now: datetime) -> Family:
    """A new session, whose first refresh token is `token`."""
    # DynamoDB ends rows by whole seconds, so the rule counts in them too.
    ends = datetime.fromtimestamp(int((now + LIFETIME).timestamp()), UTC)
    return Family(
        family_id, user_id, digest(token), created=now, rotated=now, ends=ends, device=device
    )


def session_id_of(family_id: str) -> str:
    """The public name of a family; does not lead back to it."""
    return ids.derive("ses", family_id, region=ids.region_of(family_id))


def refresh_token(family_id: str, secret: str) -> str:
    """The one form of refresh tokens. The client sees an opaque text."""
    return f"{family_id}.{secret}"


def successor(token: str, salt: str) -> str:
    """The refresh token that replaces `token`: always the same for the salt stored with it.

    So a repeated refresh gets the very token whose answer was lost, and never forks the family.
    The salt alone (a leak of the table) or the old token alone (a thief) does not give it.
    """
    mac = hmac.new(salt.encode(), token.encode(), hashlib.sha256).digest()
    secret = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    return refresh_token(token.partition(".")[0], secret)


def digest(token: str) -> str:
    """What is stored of a refresh token."""
    return hashlib.sha256(token.encode()).hexdigest()


def family_of(token: str) -> str | None:
    """The family that a refresh token names; None if it has not the form of one."""
    family_id, _, secret = token.partition(".")
    return family_id if secret and ids.is_id("fam", family_id) else None
