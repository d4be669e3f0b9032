"""Time is UTC wherever the process runs; these tests, like all of this folder, run far from it."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

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
