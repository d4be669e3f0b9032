"""Sessions: families of refresh tokens, of which one is current (RFC 9700, 4.14.2)."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shop import ids

# A refresh token that nobody uses ends after IDLE, a session after LIFETIME whatever happens.
IDLE = timedelta(days=30)
LIFETIME = timedelta(days=90)
# Longer than the gateway's 29 s: a client that waited in vain for an answer can still repeat.
GRACE = timedelta(seconds=30)


class TokenState(StrEnum):
    """What a refresh token is to its family."""

    CURRENT = "current"
    REPLACED = "replaced"  # just now, by this request or one whose answer may be lost
    REPLAYED = "replayed"  # replaced longer ago: two parties hold tokens of one family
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class TokenFamily:
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

    def token_state(self, token_digest: str, *, now: datetime) -> TokenState:
        """How to take a token of this family that arrives at `now`."""
        if self.revoked is not None or self.expires_in(now) <= 0:
            return TokenState.DEAD
        if hmac.compare_digest(self.current, token_digest):
            return TokenState.CURRENT
        replaced = self.previous is not None and hmac.compare_digest(self.previous, token_digest)
        if replaced and now < self.rotated + GRACE:
            return TokenState.REPLACED
        return TokenState.REPLAYED


def begin(
    user_id: str, token: str, *, family_id: str, device: str | None, now: datetime
) -> TokenFamily:
    """A new session, whose first refresh token is `token`."""
    # DynamoDB ends rows by whole seconds, so the rule counts in them too.
    ends = datetime.fromtimestamp(int((now + LIFETIME).timestamp()), UTC)
    return TokenFamily(
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
