"""Times as the API and the tables write them: RFC 3339, UTC, milliseconds, `Z`.

Text in this one form sorts like the times it stands for, so sort keys can hold it.
"""

from datetime import UTC, datetime

PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"


def now() -> datetime:
    """The current time. Only entry points call this; everything below takes `now`."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """`2026-11-22T10:15:30.123Z`; raises ValueError for a time without an offset."""
    if at.tzinfo is None:
        raise ValueError("a time needs an offset")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Inverse of `rfc3339`; raises ValueError for text without an offset."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time needs an offset")
    return at.astimezone(UTC)
