"""What readers of an account see, and where in its entries they are."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.domain.posting import Entry

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SORT = re.compile(r"[\x21-\x7e]{0,200}")


class BadCursor(ValueError):
    """The cursor was not made here."""


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An entry as one line of its account; `sort` is its place within the day."""

    transaction_id: str
    number: int
    recorded_at: str
    sort: str
    entry: Entry
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Position:
    """Before what to go on: an entry's place within a day; "" is the end of that day."""

    day: str
    sort: str = ""

    def cursor(self) -> str:
        """As opaque text."""
        return encode([self.day, self.sort])

    @classmethod
    def of(cls, cursor: str) -> "Position":
        """Inverse of `cursor`; raises BadCursor."""
        day, sort = decode(cursor, parts=2)
        if not _DAY.fullmatch(day) or not _SORT.fullmatch(sort):
            raise BadCursor("not a place in a day")
        return cls(day, sort)


def encode(parts: list[str]) -> str:
    """An opaque cursor, safe in a URL."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def decode(cursor: str, *, parts: int) -> list[str]:
    """Inverse of `encode`; raises BadCursor for anything else."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadCursor("not a cursor") from error
    if not isinstance(found, list) or len(found) != parts:
        raise BadCursor("not a cursor")
    if not all(isinstance(part, str) for part in found):
        raise BadCursor("not a cursor")
    return found
