"""Text as it is stored and sent."""

import base64
import json
from typing import Any


def compact_json(data: Any, *, sort_keys: bool = False) -> str:
    """Without blanks, and with every character as itself: the same bytes everywhere."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, sort_keys=sort_keys)


def base64url(data: bytes) -> str:
    """Without padding, as JOSE writes it (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
