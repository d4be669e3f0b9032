"""What is asked for by mail, and the one-time tokens of it: to prove an address, to set a password.

Whoever asks is told nothing, so a request looks at nobody's account: it is a row with an event, and
what is mailed, and whether, is decided when the event is read. A token names its request and holds
a secret that only the mail has: at rest there is a digest. Its purpose is that of its request, so a
token for one thing opens no other.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from identity.domain.password import normalise
from shop import ids
from shop.text import base64url


class Purpose(StrEnum):
    """What a mail is asked for."""

    REGISTRATION = "registration"
    RESEND = "resend"  # of the link of a registration: it has no token of its own
    RESET = "reset"
    CODE = "code"  # a one-time code: its token is nothing but six digits
    # What is told to whose account it is, once it happened.
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"
    RECOVERY_CODE_USED = "recovery_code_used"


NOTICES = (
    Purpose.FACTOR_ADDED,
    Purpose.FACTOR_REMOVED,
    Purpose.FACTORS_RESET,
    Purpose.RECOVERY_CODE_USED,
)

LIFETIME = {
    Purpose.REGISTRATION: timedelta(hours=24),
    Purpose.RESEND: timedelta(minutes=15),
    Purpose.RESET: timedelta(minutes=15),
    Purpose.CODE: timedelta(minutes=5),
    **dict.fromkeys(NOTICES, timedelta(hours=24)),
}
_HASH = re.compile(r"[0-9a-f]{64}")
_SECRET_LENGTH = 43  # 32 octets in base64url


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants an account, as they say. `password_mac` is a keyed hash of the password that they
    typed, by which they are known again: it opens nothing."""

    email: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    locale: str | None = None
    marketing: bool = False
    password_mac: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MailRequest:
    """One request. `address` is the keyed hash of an e-mail address.

    Of a registration it knows who applied, sealed (service/seal_applicant.py), and which user they
    would be; once the address is proved, the applicant is forgotten here.
    """

    mail_id: str
    purpose: Purpose
    address: str
    created: datetime
    digest: str | None = field(default=None, repr=False)
    applicant: bytes | None = field(default=None, repr=False)
    user_id: str | None = None
    used: datetime | None = None
    mailed: datetime | None = None

    @property
    def ends(self) -> datetime:
        """From then on its token is void."""
        return self.created + LIFETIME[self.purpose]

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over, used or not."""
        return now >= self.ends

    def fits(self, token: str, *, now: datetime) -> bool:
        """Whether this is its token, and in time."""
        known = self.digest is not None and hmac.compare_digest(self.digest, digest(token))
        return known and not self.is_over(now)


def password_mac(secret: bytes, password: str) -> str:
    """The keyed hash of a password, under a secret of its mail: without that nobody can guess."""
    return hmac.digest(secret, normalise(password).encode(), "sha256").hex()


def as_known(applicant: Applicant, mac: str) -> Applicant:
    """What counts of an applicant's words. Anybody can apply with any address: name, language and
    consents are those of who reads the mail only if they type the applicant's password."""
    if applicant.password_mac and hmac.compare_digest(applicant.password_mac, mac):
        return applicant
    return Applicant(applicant.email)


@dataclass(frozen=True, slots=True)
class TokenName:
    """Which request a token names."""

    mail_id: str
    address: str


def token_text(mail_id: str, address: str, secret: bytes) -> str:
    """The one form of mailed tokens. The reader sees an opaque text."""
    return f"{mail_id}.{base64url(bytes.fromhex(address))}.{base64url(secret)}"


def name_of(token: str) -> TokenName | None:
    """The request that a token names; None if it has not the form of one."""
    parts = token.split(".")
    if len(parts) != 3 or not ids.is_id("mai", parts[0]) or len(parts[2]) != _SECRET_LENGTH:
        return None
    try:
        address = base64.b64decode(f"{parts[1]}=", altchars=b"-_", validate=True).hex()
    except (binascii.Error, ValueError):
        return None
    return TokenName(parts[0], address) if _HASH.fullmatch(address) else None


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
