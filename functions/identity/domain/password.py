"""What a password may be, and the one form in which it is hashed and compared.

NFKC (NIST SP 800-63B, 3.1.1.2) and not the NFC of RFC 8265: keyboards that type full-width
characters are the case that there is, and whoever's are unified is let in by both. Case and spaces
stay. Length is counted in characters of this form, and no check looks at any other.
"""

import unicodedata

from identity.domain.common_passwords import COMMON

MIN_LENGTH = 8
MAX_LENGTH = 128
# What may be sent: an accented letter can come as four characters that make one.
MAX_SENT = 4 * MAX_LENGTH
MAX_OCTETS = 4 * MAX_LENGTH  # of what is hashed, as UTF-8


def normalise(password: str) -> str:
    """One form for all keyboards: é may come as one character or two."""
    return unicodedata.normalize("NFKC", password)


def is_common(normal: str) -> bool:
    """Whether guessing starts with it."""
    return normal.casefold() in COMMON
