"""Sessions: families of refresh tokens, of which one is current (RFC 9700, 4.14.2)."""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from identity.domain import authentication
from identity.domain.authentication import Authentication
from shop import ids

# A refresh token that nobody uses ends after IDLE, a session after LIFETIME whatever happens.
IDLE = timedelta(days=30)
LIFETIME = timedelta(days=90)
OWN_CLIENT = "cartwright"  # The shop's own clients, which sign in by POST /sessions.
MOST = 20  # live sessions of a user: one more ends the oldest
# How long what ended is kept: as long as an access token of it lives, and a repeat of its end.
KEPT = timedelta(hours=1)
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 octets


class TokenState(StrEnum):
    """What a refresh token is to its family."""

    CURRENT = "current"
    REPLACED = "replaced"  # by the same client, which has not used the successor: a lost answer
    REPLAYED = "replayed"  # two parties hold tokens of one family
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class TokenFamily:
    """All refresh tokens of one session, of which one is current. Tokens are stored as digests.

    `family_id` stands in refresh tokens only, and is stored nowhere; the world knows the session as
    `session_id`. `device` is the sealed name of it. `client` is the keyed hash of who replaced the
    previous token; `client_id` names the software to which the tokens were issued, and `scope` what
    it may do: None, all that the user may.
    """

    session_id: str
    user_id: str
    current: str = field(repr=False)
    created: datetime
    rotated: datetime
    ends: datetime
    previous: str | None = field(default=None, repr=False)
    salt: str | None = field(default=None, repr=False)
    client: str | None = field(default=None, repr=False)
    revoked: datetime | None = None
    device: bytes | None = field(default=None, repr=False)
    proof: Authentication | None = None  # None: the password, when it began
    client_id: str = OWN_CLIENT
    scope: str | None = None

    @property
    def authentication(self) -> Authentication:
        """By what its user was proved last."""
        return self.proof or authentication.by_password(self.created)

    def proved_by_code(self, now: datetime) -> "TokenFamily":
        """With a one-time code beside what its user was proved by before."""
        return replace(self, proof=self.authentication.with_code(now))

    def expires_in(self, now: datetime) -> int:
        """Seconds for which the current token can be used."""
        return int((min(self.rotated + IDLE, self.ends) - now).total_seconds())

    def is_live(self, now: datetime) -> bool:
        """Whether it can go on."""
        return self.revoked is None and self.expires_in(now) > 0

    def token_state(self, token_digest: str, *, client: str, now: datetime) -> TokenState:
        """How to take a token of this family that `client` presents at `now`.

        The previous token is taken as long as its successor is unused, from who replaced it: their
        answer was lost, however long ago. From anybody else it was stolen, or theirs was.
        """
        if not self.is_live(now):
            return TokenState.DEAD
        if hmac.compare_digest(self.current, token_digest):
            return TokenState.CURRENT
        replaced = self.previous is not None and hmac.compare_digest(self.previous, token_digest)
        same = self.client is not None and hmac.compare_digest(self.client, client)
        return TokenState.REPLACED if replaced and same else TokenState.REPLAYED


@dataclass(frozen=True, slots=True)
class TokenName:
    """Which session a refresh token is of."""

    user_id: str
    session_id: str


def begin(
    user_id: str,
    token: str,
    *,
    family_id: str,
    device: bytes | None,
    now: datetime,
    proof: Authentication | None = None,
    client_id: str = OWN_CLIENT,
    scope: str | None = None,
) -> TokenFamily:
    """A new session, whose first refresh token is `token`."""
    # DynamoDB ends rows by whole seconds, so the rule counts in them too.
    ends = datetime.fromtimestamp(int((now + LIFETIME).timestamp()), UTC)
    return TokenFamily(
        session_id_of(family_id),
        user_id,
        digest(token),
        created=now,
        rotated=now,
        ends=ends,
        device=device,
        proof=proof,
        client_id=client_id,
        scope=scope,
    )


def too_many(live: Sequence[TokenFamily]) -> Sequence[TokenFamily]:
    """Which of the sessions make room for one more: the oldest."""
    by_age = sorted(live, key=lambda family: (family.created, family.session_id))
    return by_age[: max(0, len(by_age) - MOST + 1)]


def session_id_of(family_id: str) -> str:
    """The public name of a family; does not lead back to it."""
    return ids.derive("ses", family_id, region=ids.region_of(family_id))


def refresh_token(user_id: str, family_id: str, secret: str) -> str:
    """The one form of refresh tokens. The client sees an opaque text."""
    return f"{user_id}.{family_id}.{secret}"


def successor(token: str, salt: str) -> str:
    """The refresh token that replaces `token`: always the same for the salt stored with it.

    So a repeated refresh gets the very token whose answer was lost, and never forks the family.
    The salt alone (a leak of the table) or the old token alone (a thief) does not give it.
    """
    mac = hmac.new(salt.encode(), token.encode(), hashlib.sha256).digest()
    secret = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    user_id, family_id, _ = token.split(".")
    return refresh_token(user_id, family_id, secret)


def digest(token: str) -> str:
    """What is stored of a refresh token."""
    return hashlib.sha256(token.encode()).hexdigest()


def name_of(token: str) -> TokenName | None:
    """The session that a refresh token names; None if it has not the form of one. What is cut off,
    or has grown, is no token: it ends no session."""
    user_id, _, rest = token.partition(".")
    family_id, _, secret = rest.partition(".")
    whole = ids.is_id("usr", user_id) and ids.is_id("fam", family_id) and _SECRET.fullmatch(secret)
    return TokenName(user_id, session_id_of(family_id)) if whole else None
