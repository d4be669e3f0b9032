"""Cursors: where a page begins, opaque to clients, checked before it is used as a key."""

import base64
import binascii
import re

from shop import ids, problems
from shop.problems import Problem

REFUSED = Problem(
    problems.INVALID_REQUEST,
    "A cursor is taken from next_cursor of the page before.",
    errors=[{"parameter": "cursor", "code": "unknown_cursor", "detail": "not from here"}],
)
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def encode(position: str | None) -> str | None:
    """A cursor from a sort key."""
    if position is None:
        return None
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode(cursor: str | None, kind: str) -> str | None:
    """The sort key `<time>#<id of this kind>` in a cursor; ValueError if it is not one of ours."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("not a cursor") from error
    if not re.fullmatch(rf"{TIME}#{ids.pattern(kind)[1:-1]}", text):
        raise ValueError("not a cursor")
    return text
