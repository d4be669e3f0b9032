"""Times as the API and the tables write them: RFC 3339, UTC, milliseconds, `Z`.

Text in this one form sorts like the times it stands for, so sort keys can hold it.
"""

import re
from datetime import UTC, datetime, timedelta

PATTERN = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"

_TO_THE_MINUTE = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_DATE_TIME = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{_TO_THE_MINUTE}):([0-5][0-9]|60)"
    rf"((?:\.[0-9]+)?(?:[Zz]|[+-]{_TO_THE_MINUTE}))"
)


def now() -> datetime:
    """The current time. Only entry points call this; everything below takes `now`."""
    return datetime.now(UTC)


def rfc3339(at: datetime) -> str:
    """`2026-11-22T10:15:30.123Z`; raises ValueError for a time without an offset."""
    if at.tzinfo is None:
        raise ValueError("a time needs an offset")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """A date-time of RFC 3339 (5.6), in UTC, to the microsecond; raises ValueError for any other.

    `T` and `Z` may be small. A space in the place of `T` is for people to read (the note there) and
    is refused: in a query it may stand for the `+` of an offset. `-00:00` is UTC. The second 60 is
    taken where a leap second can be, at the end of a month in UTC; no clock of ours has it, so it
    is the last instant before the next day.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError("not a date-time with an offset, as RFC 3339 has it")
    minute, second, rest = match.groups()
    leap = second == "60"
    try:
        at = datetime.fromisoformat(f"{minute}:{'59' if leap else second}{rest}".upper())
        utc = at.astimezone(UTC)
        return _leap_second(utc) if leap else utc
    except (ValueError, OverflowError) as error:
        raise ValueError("no such time in UTC, in the years 1 to 9999") from error


def _leap_second(at: datetime) -> datetime:
    """The last instant of a month, for a time in its last second."""
    last = at.replace(microsecond=999_999)
    following = last + timedelta(microseconds=1)
    if (following.day, following.hour, following.minute) != (1, 0, 0):
        raise ValueError("no leap second can be there")
    return last
