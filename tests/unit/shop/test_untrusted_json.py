"""A stranger's JSON has one meaning, or it is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.untrusted_json import INTEGERS, MAX_DEPTH, InvalidJson, parse

UNCLEAR = {
    "nothing": b"",
    "no JSON": b"{",
    "more than one value": b"{} {}",
    "not UTF-8": b'"\xff"',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "deep lists": b"[" * 100_000,
    "deep lists that end": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "one too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "many digits": b"[" + b"9" * 100_000 + b"]",
    "many digits, negative": b"[-" + b"9" * 100_000 + b"]",
    "more than 64 bits": b"[%d]" % INTEGERS,
    "many digits of a fraction": b"[0." + b"9" * 100_000 + b"]",
    "a large exponent": b"[1e400]",
    "a large exponent, negative": b"[-1e400]",
    "nearly nothing": b"[1e-400]",
    "almost one": b"[1.00000000000000000001]",
    "NaN": b"[NaN]",
    "Infinity": b"[Infinity]",
    "negative Infinity": b"[-Infinity]",
    "a name twice": b'{"a": 1, "a": 1}',
    "a name twice, further in": b'[{"b": {"a": 1, "\\u0061": 2}}]',
}


@pytest.mark.parametrize("raw", UNCLEAR.values(), ids=UNCLEAR)
def test_what_is_not_one_clear_value_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidJson) as refused:
        parse(raw)
    assert len(str(refused.value)) < 50, "it says why, and quotes nothing"


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b'["[[{{", "\\"[["]',
        b"[2.0, 1e3, 0.1]",
        b'{"a": {"a": 1}}',
    ],
)
def test_what_is_clear_is_taken(raw: bytes) -> None:
    assert parse(raw) == json.loads(raw)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - INTEGERS, INTEGERS - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_what_is_read(value: Any) -> None:
    assert parse(json.dumps(value).encode("utf-8", "surrogatepass")) == value


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\0129eE.-+NaIinfty', max_size=60))
def test_it_says_no_and_never_falls_over(given_: bytes | str) -> None:
    raw = given_ if isinstance(given_, bytes) else given_.encode()
    try:
        found = parse(raw)
    except InvalidJson:
        return
    assert found == json.loads(raw)
