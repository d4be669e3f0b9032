"""Bodies are UTF-8, and what was lost on the way is not taken for what was sent."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop import charset


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json;charset=utf-8",
     'application/json ; CHARSET="UTF-8"', "application/json; charset=utf8",
     "application/json; profile=x", "application/json;"],
)  # fmt: skip
def test_json_in_utf_8_is_taken_however_it_is_said(content_type: str) -> None:
    assert charset.is_in_utf_8(content_type, charset.JSON)


@pytest.mark.parametrize(
    "content_type",
    ["", "text/json", "application/jsonp", "application/json, text/plain",
     "application/json; charset=iso-8859-1", "application/json; charset=utf-16",
     "application/json; charset=us-ascii", "application/json; charset=",
     "application/json; charset", "application/json; charset=utf-8; charset=iso-8859-1",
     "application/json; charset*=UTF-8''x",
     'application/json; x="; charset=latin1"', "application/json; charset =latin1",
     "application/json; charset=ütf-8"],
)  # fmt: skip
def test_any_other_charset_or_type_is_refused(content_type: str) -> None:
    assert not charset.is_in_utf_8(content_type, charset.JSON)


@pytest.mark.parametrize(
    "text", ["é", "日本", "\\u00e9", "\\\\ufffd", "\\ud83d\\ude00", "\U0001f600"]
)
def test_text_that_arrived_is_intact(text: str) -> None:
    assert charset.is_intact(f'{{"a":"{text}"}}'.encode())


@pytest.mark.parametrize(
    "body",
    ["\ufffd".encode(), b'"\\ufffd"', b'"\\uFFFD"', b'"\\uFfFd"', b'"\\\\\\ufffd"', b"\xff",
     b"\xe9", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", '"é"'.encode("latin-1"),
     '"é"'.encode("utf-16")],
)  # fmt: skip
def test_what_was_lost_or_is_no_utf_8_is_not(body: bytes) -> None:
    assert not charset.is_intact(body)


@settings(deadline=None)
@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\\u\ufffdfd"))))
def test_a_body_is_intact_unless_its_text_has_the_replacement_character(text: str) -> None:
    for escaped in (True, False):
        body = json.dumps({"a": text}, ensure_ascii=escaped).encode()
        assert charset.is_intact(body) is ("\ufffd" not in text)
