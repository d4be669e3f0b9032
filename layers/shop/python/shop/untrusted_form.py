"""Forms of strangers (application/x-www-form-urlencoded): taken only if every reader of them would
read the same.

A name that stands twice means the first to one reader and the last to another, so it is refused,
as OAuth has it (RFC 6749, 3.1 and 3.2). What has no value was not sent.
"""

from urllib.parse import parse_qsl

MAX_BYTES = 16 * 1024
MAX_FIELDS = 64


class InvalidForm(ValueError):
    """It is refused. The message says why and quotes nothing; it completes "The form has"."""


def parse(raw: bytes) -> dict[str, str]:
    """The fields that have a value; InvalidForm for all that is not one clear form."""
    try:
        text = raw.decode("ascii")
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise InvalidForm("a part that is no `name=value` in UTF-8, or too many") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidForm("a name that stands twice")
    return {name: value for name, value in found.items() if value}
