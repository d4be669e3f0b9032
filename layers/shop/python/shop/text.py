"""JSON text as it is stored and sent."""

import json
from typing import Any


def compact_json(data: Any, *, sort_keys: bool = False) -> str:
    """Without blanks, and with every character as itself: the same bytes everywhere."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, sort_keys=sort_keys)
