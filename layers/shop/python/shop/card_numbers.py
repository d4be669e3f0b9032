"""Card numbers (PANs) in text where none may stand: who stores one answers for it (PCI DSS).

No field of ours takes one, so the HTTP edge looks at every text of a request. Of all numbers that
pass Luhn's check one in ten does so by chance: a card number is also as long as its network's are,
and begins as they do. What machines make at random is known by its form and passed over.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shop import ids

SHORTEST, LONGEST = 12, 19  # ISO/IEC 7812
_BEGINNINGS = (
    # (first beginning, last beginning, lengths): issuer identification numbers by network.
    ("4", "4", (13, 16, 19)),  # Visa
    ("51", "55", (16,)),  # Mastercard
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),  # American Express
    ("37", "37", (15,)),
    ("300", "305", (14, 16, 17, 18, 19)),  # Diners Club
    ("3095", "3095", (14, 16, 17, 18, 19)),
    ("36", "36", (14, 15, 16, 17, 18, 19)),
    ("38", "39", (14, 16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("60", "60", (16, 17, 18, 19)),  # Discover, RuPay
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("644", "659", (16, 17, 18, 19)),  # Discover, RuPay, Troy
    ("81", "82", (16, 17, 18, 19)),  # UnionPay, RuPay
    ("2200", "2204", (16, 17, 18, 19)),  # Mir
    ("506", "508", (16, 17, 18, 19)),  # Verve, Elo, RuPay
    ("9792", "9792", (16,)),  # Troy
    *((each, each, tuple(range(12, 20))) for each in (  # Maestro
        "5018", "5020", "5038", "5893", "6304", "6759", "6761", "6762", "6763",
    )),
)  # fmt: skip
# Of these, what passes a GTIN's check is one: of so few digits no network issues cards any more.
_GTIN_LENGTHS = (12, 13)
_PHONE_DIGITS = 15  # E.164, after a plus
# UUIDs, hexadecimal digests, and ids of ours: digits by chance, and very many of them.
_RANDOM = re.compile(
    r"(?<![0-9a-z])(?:"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|(?=[0-9]*[a-f])[0-9a-f]{20,}"
    rf"|[a-z]{{3}}_[a-z]{{2,8}}[0-9]_[{ids.ALPHABET}]{{26}}"
    r")(?![0-9a-z])",
    re.IGNORECASE,
)
_RUN = re.compile(r"\+?[0-9](?:[ -]*[0-9]){11,}")
_GROUP = re.compile("[0-9]+")


def is_in(text: str) -> bool:
    """Whether a card number stands in it, with whatever blanks and dashes between its digits."""
    if len(text) < SHORTEST:
        return False
    plain = text if text.isascii() and text.isprintable() else _plain(text)
    return any(map(_has_one, _RUN.findall(_RANDOM.sub("x", plain))))


def places(value: Any, *, at: str = "") -> Iterator[str]:
    """JSON pointers to the texts of a JSON value that have one; of a name that has one, to its
    object."""
    if isinstance(value, str):
        if is_in(value):
            yield at
    elif isinstance(value, Mapping):
        for name, part in value.items():
            if is_in(name):  # So nothing in it can be named either.
                yield at
            else:
                yield from places(part, at=f"{at}/{name}")
    elif isinstance(value, Sequence):
        for n, part in enumerate(value):
            yield from places(part, at=f"{at}/{n}")


def _plain(text: str) -> str:
    """Digits of any script as ours, dashes and blanks of any width as one each, and nothing that is
    not seen: as the text may be read, or folded (shop.human_text)."""
    return "".join(map(_plain_character, unicodedata.normalize("NFKC", text)))


def _plain_character(c: str) -> str:
    category = unicodedata.category(c)
    if category == "Nd":
        return str(unicodedata.digit(c))
    if category == "Pd":
        return "-"
    if c.isspace():
        return " "
    return "" if category in ("Cf", "Cc", "Mn") else c


def _has_one(run: str) -> bool:
    """In whole groups of digits: part of a longer number is another number."""
    groups = _GROUP.findall(run)
    if run.startswith("+") and sum(map(len, groups)) <= _PHONE_DIGITS:
        return False
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > LONGEST:
                break
            if _is_one(digits):
                return True
    return False


def _is_one(digits: str) -> bool:
    return (
        len(digits) >= SHORTEST
        and len(digits) in _lengths(digits[:4])
        and _is_luhn(digits)
        and not (len(digits) in _GTIN_LENGTHS and _is_gtin(digits))
    )


@functools.lru_cache(maxsize=1024)
def _lengths(beginning: str) -> frozenset[int]:
    """How long the numbers are that begin with these four digits."""
    return frozenset(
        length
        for first, last, lengths in _BEGINNINGS
        if first <= beginning[: len(first)] <= last
        for length in lengths
    )


def _is_luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1, annex B)."""
    found = [int(digit) for digit in reversed(digits)]
    doubled = (2 * digit - 9 if digit > 4 else 2 * digit for digit in found[1::2])
    return str(sum(found[::2]) + sum(doubled)).endswith("0")


def _is_gtin(digits: str) -> bool:
    """The same of an article number (GS1 General Specifications, 7.9)."""
    found = [int(digit) for digit in reversed(digits)]
    return str(sum(found[::2]) + 3 * sum(found[1::2])).endswith("0")
