"""Cursors: what one list hands out, no other takes, and nothing else becomes a key."""

import base64

import pytest

from shop import cursor

FORMS = ("[0-9]{4}", "[a-z]*")


def test_a_cursor_comes_back_as_its_parts() -> None:
    text = cursor.encode(["2026", "x"], scope="a")
    assert cursor.decode(text, scope="a", forms=FORMS) == ["2026", "x"]
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_a_cursor_of_one_list_is_refused_by_another() -> None:
    text = cursor.encode(["2026", "x"], scope="a")
    with pytest.raises(cursor.InvalidCursor):
        cursor.decode(text, scope="b", forms=FORMS)


@pytest.mark.parametrize(
    "parts", [["2026"], ["2026", "x", "y"], ["202", "x"], ["2026", "X"], ["2026", "é"]]
)
def test_a_cursor_that_is_no_place_in_the_list_is_refused(parts: list[str]) -> None:
    with pytest.raises(cursor.InvalidCursor):
        cursor.decode(cursor.encode(parts, scope="a"), scope="a", forms=FORMS)


GOOD = cursor.encode(["2026", "x"], scope="a")


@pytest.mark.parametrize(
    "text",
    ["", "x", "\ud800", "é", "e30", "=", GOOD + "=", GOOD + "A", GOOD[:-1], " " + GOOD,
     base64.urlsafe_b64encode(b"\xff\xfe").decode().rstrip("="), "A" * 1024],
)  # fmt: skip
def test_what_was_not_handed_out_is_refused(text: str) -> None:
    with pytest.raises(cursor.InvalidCursor):
        cursor.decode(text, scope="a", forms=FORMS)


def test_a_part_cannot_pass_for_two() -> None:
    with pytest.raises(ValueError, match="line break"):
        cursor.encode(["2026\nx"], scope="a")
