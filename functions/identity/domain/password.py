"""What a password may be, and the one form in which it is hashed and compared.

NFKC (NIST SP 800-63B, 3.1.1.2) and not the NFC of RFC 8265: keyboards that type full-width
characters are the case that there is, and whoever's are unified is let in by both. Case and spaces
stay. Length is counted in characters of this form, and no check looks at any other.
"""

import re
import unicodedata
from collections.abc import Iterable

from identity.domain.common_passwords import common

MIN_LENGTH = 8
MAX_LENGTH = 256
# What may be sent: an accented letter can come as four characters that make one.
MAX_SENT = 4 * MAX_LENGTH
MAX_OCTETS = 4 * MAX_LENGTH  # of what is hashed, as UTF-8
SHOP = "cartwright"
_KNOWN_FROM = 3  # letters: shorter words stand in passwords by chance
_UNKNOWN = 5  # characters that are not known of the user: a year or "123!" is too little


def normalise(password: str) -> str:
    """One form for all keyboards: é may come as one character or two."""
    return unicodedata.normalize("NFKC", password)


def is_common(normal: str) -> bool:
    """Whether guessing starts with it."""
    return normal.casefold() in common()


def is_guessable(normal: str, *known: str | None) -> bool:
    """Whether little is left of it without the words of what is known of its user, and the shop's
    name: `known` are their address and name."""
    words = {SHOP, *_words(text for text in known if text)}
    rest = normal.casefold()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, " ")
    found = rest != normal.casefold()
    return found and sum(character.isalnum() for character in rest) < _UNKNOWN


def _words(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        unified = unicodedata.normalize("NFKC", text).casefold()
        yield unified
        yield from (word for word in re.split(r"[\W\d_]+", unified) if len(word) >= _KNOWN_FROM)
