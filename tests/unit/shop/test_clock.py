"""Time is UTC wherever the process runs; these tests, like all of this folder, run far from it."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop import clock

AT = datetime(2026, 11, 22, 10, 15, 30, 123456, tzinfo=UTC)


def test_local_time_is_another_time_here() -> None:
    assert datetime.now().astimezone().utcoffset() == timedelta(hours=13, minutes=45)


def test_now_is_the_time_of_the_world_in_utc() -> None:
    before, now, after = time.time(), clock.now(), time.time()
    assert before <= now.timestamp() <= after
    assert now.utcoffset() == timedelta()
    assert now - clock.parse(clock.rfc3339(now)) < timedelta(milliseconds=1)


@pytest.mark.parametrize("hours", [-12, -5, 0, 1, 14])
def test_a_time_is_written_in_utc_whatever_its_offset(hours: int) -> None:
    there = AT.astimezone(timezone(timedelta(hours=hours)))
    assert clock.rfc3339(there) == "2026-11-22T10:15:30.123Z"
    assert clock.parse(there.isoformat()) == AT
    assert clock.parse(there.isoformat()).utcoffset() == timedelta()


@pytest.mark.parametrize("at", [AT, AT.replace(microsecond=0), AT.replace(microsecond=999999)])
def test_what_is_written_has_one_form_that_can_be_read(at: datetime) -> None:
    text = clock.rfc3339(at)
    assert re.fullmatch(clock.PATTERN, text)
    assert clock.rfc3339(clock.parse(text)) == text


def test_a_time_without_an_offset_is_none() -> None:
    with pytest.raises(ValueError, match="offset"):
        clock.rfc3339(AT.replace(tzinfo=None))
    with pytest.raises(ValueError, match="offset"):
        clock.parse("2026-11-22T10:15:30.123")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-28T00:01:29Z", "2026-11-28T00:01:29.000Z"),
        ("2026-11-28t00:01:29z", "2026-11-28T00:01:29.000Z"),
        ("2026-11-28T00:01:29.5Z", "2026-11-28T00:01:29.500Z"),
        ("2026-11-28T00:01:29.123456789Z", "2026-11-28T00:01:29.123Z"),
        ("2026-11-28T00:01:29+05:30", "2026-11-27T18:31:29.000Z"),
        ("2026-11-28T00:01:29-00:00", "2026-11-28T00:01:29.000Z"),
        ("2026-11-28T00:01:29-23:59", "2026-11-29T00:00:29.000Z"),
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"),
        # No clock of ours has a leap second: it is the last instant before the next day.
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z"),
        ("2016-12-31T15:59:60.7-08:00", "2016-12-31T23:59:59.999Z"),
        ("2017-01-01t05:29:60+05:30", "2016-12-31T23:59:59.999Z"),
    ],
)
def test_a_date_time_of_rfc_3339_is_read(text: str, utc: str) -> None:
    assert clock.rfc3339(clock.parse(text)) == utc


@pytest.mark.parametrize(
    "text",
    ["", "T", "2026-11-28", "2026-11-28T00:01:29", "2026-11-28T00:01Z", "2026-11-28T00Z",
     "2026-11-28T00:01:29,5Z", "2026-11-28T00:01:29.Z", "2026-11-28 00:01:29Z",
     "2026-11-28_00:01:29Z", "2026-11-28T00:01:29 Z", " 2026-11-28T00:01:29Z",
     "2026-11-28T00:01:29Z\n", "2026-11-28T24:00:00Z", "2026-11-28T23:60:00Z",
     "2026-11-28T00:01:61Z", "2026-11-28T00:01:29+24:00", "2026-11-28T00:01:29+05:60",
     "2026-11-28T00:01:29+0530", "2026-11-28T00:01:29+05", "2026-11-28T00:01:29+05:30:15",
     "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
     "2026-W48-1T00:00:00Z", "20261128T000129Z", "2026-332T00:00:00Z", "26-11-28T00:01:29Z",
     "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
     "2026-11-28T00:01:60Z", "2016-12-31T23:58:60Z", "2016-12-30T23:59:60Z",
     "2016-12-31T23:59:60+01:00", "\uff12026-11-28T00:01:29Z", "2026-11-28T00:01:29\u2212:00"],
)  # fmt: skip
def test_nothing_else_is_a_time_and_no_error_quotes_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"offset|no such time") as caught:
        clock.parse(text)
    assert not text.strip() or text.strip() not in str(caught.value).split()


@settings(deadline=None)
@given(st.datetimes(), st.integers(-1439, 1439), st.booleans())
def test_a_time_is_read_whatever_its_offset(at: datetime, minutes: int, small: bool) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{at.isoformat()}{sign}{hours:02}:{rest:02}"
    try:
        expected = at.replace(tzinfo=timezone(timedelta(minutes=minutes))).astimezone(UTC)
    except OverflowError:
        with pytest.raises(ValueError, match="no such time"):
            clock.parse(text)
        return
    assert clock.parse(text.lower() if small else text) == expected
