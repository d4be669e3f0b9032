"""Forms of strangers: read in one way, or not at all."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop import untrusted_form
from shop.untrusted_form import MAX_FIELDS, InvalidForm, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.dictionaries(TEXT, TEXT, max_size=8))
def test_what_was_written_is_read(fields: dict[str, str]) -> None:
    assert parse(urlencode(fields).encode()) == fields


def test_what_has_no_value_was_not_sent() -> None:
    assert parse(b"a=&b=1") == {"b": "1"}
    assert parse(b"") == {}


@given(TEXT, TEXT, TEXT)
def test_a_name_stands_once_with_or_without_a_value(name: str, one: str, other: str) -> None:
    for pairs in ([(name, one), (name, other)], [(name, one), (name, "")]):
        with pytest.raises(InvalidForm, match="twice"):
            parse(urlencode(pairs).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"a",
        b"a=1&&b=2",
        b"&",
        b"a=%ff",
        b"%ff=1",
        "a=é".encode(),
        b"&".join(b"a%d=1" % number for number in range(MAX_FIELDS + 1)),
    ],
)
def test_what_is_no_form_is_refused_and_not_quoted(raw: bytes) -> None:
    with pytest.raises(InvalidForm) as caught:
        parse(raw)
    assert str(caught.value) == "a part that is no `name=value` in UTF-8, or too many"
    assert untrusted_form.MAX_BYTES < 256 * 1024
