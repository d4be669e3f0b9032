"""Cursors: where a page begins, opaque to clients and bound to the list that handed it out.

They are not signed and need not be: what a reader may see comes from the request, never from here.
The parts have the forms of their list's keys, so nothing else ever becomes a key.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence

from shop import problems
from shop.problems import Problem

REFUSED = Problem(
    problems.INVALID_REQUEST,
    "Send the next_cursor of a page of this list, together with the filters of that page.",
    errors=[{"parameter": "cursor", "code": "invalid", "detail": "not a cursor of this list"}],
)
_SEPARATOR = "\n"


class InvalidCursor(ValueError):
    """It was not handed out by this list."""


def encode(parts: Sequence[str], *, scope: str) -> str:
    """Opaque text, safe in a URL. `scope` names the list and its filters."""
    if any(_SEPARATOR in part for part in parts):
        raise ValueError("a part of a key has no line break")
    text = _SEPARATOR.join([_digest(scope), *parts])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, *, scope: str, forms: Sequence[str]) -> list[str]:
    """Inverse of `encode`; raises InvalidCursor for anything else, another list's cursors too.

    `forms` are the regular expressions of the parts.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor("not base64") from error
    digest, *found = text.split(_SEPARATOR)
    if digest != _digest(scope) or encode(found, scope=scope) != cursor:
        raise InvalidCursor("not of this list")
    if len(found) != len(forms) or not all(map(re.fullmatch, forms, found)):
        raise InvalidCursor("not a place in this list")
    return found


def _digest(scope: str) -> str:
    return hashlib.sha256(scope.encode()).hexdigest()[:12]
