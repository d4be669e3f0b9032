"""Authorization codes (OAuth 2.1, 4.1): what a client exchanges, once, for tokens of a user."""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from identity.domain.authentication import Authentication

LIFETIME = timedelta(seconds=60)
# How long it is kept, so that who brings it again is known.
KEPT = timedelta(hours=1)
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A code as it is kept: by its digest, bound to all that was said when it was asked for.

    `proof` is how its user was proved; `session_id` the session that was begun by it.
    """

    digest: str = field(repr=False)
    client_id: str
    user_id: str
    redirect_uri: str = field(repr=False)
    challenge: str = field(repr=False)
    scope: str
    proof: Authentication
    issued: datetime
    nonce: str | None = field(default=None, repr=False)
    session_id: str | None = None

    @property
    def is_used(self) -> bool:
        """Whether a session was begun by it."""
        return self.session_id is not None

    def is_redeemed_by(self, verifier: str, *, redirect_uri: str, now: datetime) -> bool:
        """Whether this is who asked for it, in time (RFC 7636, 4.6: S256 alone)."""
        return (
            now < self.issued + LIFETIME
            and redirect_uri == self.redirect_uri
            and _VERIFIER.fullmatch(verifier) is not None
            and hmac.compare_digest(self.challenge, challenge_of(verifier))
        )


def digest(code: str) -> str:
    """What is stored of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636, 4.2)."""
    made = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
