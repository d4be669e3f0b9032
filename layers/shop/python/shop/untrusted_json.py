"""JSON text of strangers: taken only if every reader of it would read the same.

RFC 8259 leaves it open what a name that stands twice means, how large a number is and how deep a
text may nest; parsers differ, and some fall over. Here all of that is refused.
"""

import json
import math
import re
from decimal import Decimal
from typing import Any

MAX_DEPTH = 32
INTEGERS = 2**63  # the first that is too large, of either sign
_EXACT = 2**53
_DIGITS = len(str(INTEGERS)) + 1  # longer text is no such number, and costs to convert
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


class InvalidJson(ValueError):
    """It is refused. The message says why and quotes nothing."""


def parse(raw: bytes) -> Any:
    """The value of UTF-8 text; InvalidJson for all that is not one clear value."""
    try:
        text = raw.decode()
        _expect_shallow(text)
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except InvalidJson:
        raise
    except ValueError:
        raise InvalidJson("not valid JSON") from None


def _expect_shallow(text: str) -> None:
    """Before it is parsed: parsers recurse."""
    depth = 0
    for token in _TOKENS.finditer(text):
        depth += _STEPS.get(token[0], 0)
        if depth > MAX_DEPTH:
            raise InvalidJson(f"nested deeper than {MAX_DEPTH}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJson("a name stands twice in one object")
    return found


def _integer(text: str) -> int:
    if len(text) > _DIGITS or not -INTEGERS < int(text) < INTEGERS:
        raise InvalidJson("a number is too large")
    return int(text)


def _number(text: str) -> float:
    """What looks whole is the whole number that was written, where floats know all of these."""
    found = float(text)
    if not math.isfinite(found):
        raise InvalidJson("a number is too large")
    if found.is_integer() and abs(found) < _EXACT and Decimal(text) != Decimal(found):
        raise InvalidJson("a number has more digits than are kept")
    return found


def _constant(_text: str) -> float:
    raise InvalidJson("NaN and Infinity are not JSON")
