"""One-time codes: those that an app makes of a secret and the time (RFC 6238), those that are
mailed, and those that are kept on paper for the day on which the app is gone."""

from datetime import UTC, datetime

from pyotp import TOTP
from pyotp.utils import strings_equal

from shop import ids

ISSUER = "Cartwright"
STEP_S = 30
DIGITS = 6
WINDOW = 1  # steps before and after: clocks differ, and people type slowly (RFC 6238, 5.2)
RECOVERY_CODES = 10
_READ_FOR_OTHERS = str.maketrans("oil", "011")
_GROUP, _GROUPS = 4, 3  # 60 bits


def uri(secret: str, account: str) -> str:
    """What an app reads, as a QR code or a link; `account` is what it shows."""
    return _totp(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """The time step that a code is of, within the window; None if it is of none."""
    totp, current = _totp(secret), current_step(now)
    steps = range(current - WINDOW, current + WINDOW + 1)
    return next((n for n in steps if strings_equal(totp.generate_otp(n), code)), None)


def current_step(now: datetime) -> int:
    """The one that codes of now are of."""
    return int(now.timestamp()) // STEP_S


def mailed(secret: bytes) -> str:
    """The six digits that a mail brings, of a secret that is made for it anew whenever it is sent
    or answered: nothing at rest holds them."""
    return f"{int.from_bytes(secret, 'big') % 10**DIGITS:0{DIGITS}}"


def time_of(step: int) -> datetime:
    """When a step begins."""
    return datetime.fromtimestamp(step * STEP_S, UTC)


def recovery_code(entropy: bytes) -> str:
    """`k3m9-0x7p-q2rt`: in groups, without letters that are read for others."""
    number = int.from_bytes(entropy, "big")
    letters = [ids.ALPHABET[(number >> 5 * n) & 31] for n in range(_GROUP * _GROUPS)]
    text = "".join(letters)
    return "-".join(text[n : n + _GROUP] for n in range(0, len(text), _GROUP))


def as_made(typed: str) -> str:
    """A recovery code as it was made, however it was typed (Crockford's base32)."""
    plain = "".join(each for each in typed.lower() if each.isalnum())
    plain = plain.translate(_READ_FOR_OTHERS)
    return "-".join(plain[n : n + _GROUP] for n in range(0, len(plain), _GROUP))


def _totp(secret: str) -> TOTP:
    return TOTP(secret, interval=STEP_S)
