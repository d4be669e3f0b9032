"""How a body is written: in UTF-8, as RFC 8259 (8.1) has it of JSON between systems, uncompressed.

The gateway takes all bodies for UTF-8 text and puts U+FFFD where the bytes are not. So a body that
holds U+FFFD has lost what its sender wrote, and two that lost different things may look the same.
"""

import re
from collections.abc import Iterable

_UTF_8 = frozenset({"utf-8", "utf8"})  # The registered name, and what clients write for it.
_REPLACED = "\ufffd".encode()
# The same as JSON may escape it: after an even number of other backslashes.
_ESCAPED = re.compile(rb"(?<!\\)(?:\\\\)*\\u[fF]{3}[dD]")


JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def is_in_utf_8(content_type: str, media_type: str) -> bool:
    """Whether it is of this media type (RFC 9110, 8.3) and names no other charset.

    Parts that say `charset` inside a quoted text count too: it is refused rather than misread.
    """
    kind, *parameters = content_type.lower().split(";")
    if kind.strip() != media_type:
        return False
    pairs = [parameter.partition("=") for parameter in parameters]
    return all(
        value.strip().removeprefix('"').removesuffix('"') in _UTF_8
        for name, _, value in pairs
        if name.strip().startswith("charset")
    )


def is_as_it_was_written(content_encodings: Iterable[str]) -> bool:
    """Whether these lines of Content-Encoding (RFC 9110, 8.4) name no coding."""
    codings = {each.strip().lower() for line in content_encodings for each in line.split(",")}
    return codings <= {"", "identity"}


def is_intact(body: bytes) -> bool:
    """Whether it is UTF-8 in which nothing was replaced."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return _REPLACED not in body and _ESCAPED.search(body) is None
