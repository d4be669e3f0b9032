"""One address, one form; what mail cannot reach is no address."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.domain.email_address import MAX_LENGTH, canonical, lookup_form

LABEL = st.text(st.sampled_from("abzABZ019-\u00fc\u00df\u0130\u4f8b\uff41\u03a3\u03c2"), min_size=1)
ADDRESS = st.builds(
    "{}{}{}.{}".format,
    st.text(st.sampled_from("abZ.+_'\"<>@ \uff20\u00e9\u0301\u0130\ufdfa\uff0e"), min_size=1),
    st.sampled_from("@\uff20\ufe6b"),
    LABEL,
    st.sampled_from(["com", "COM", "example", "test", "\u5e7f\u544a", "xn--p1ai", "c\u3002d", ""]),
)


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("ada@example.com", "ada@example.com"),
        ("Ada@Example.COM", "ada@example.com"),
        ("\uff41da@\uff45xample\uff0ecom", "ada@example.com"),
        ("ada\uff20example.com", "ada@example.com"),
        ("\uff41\uff44\uff41\uff20\uff45xample\uff0ecom", "ada@example.com"),
        ("ada\ufe6bexample.com", "ada@example.com"),
        ("ada+shop@example.com", "ada+shop@example.com"),
        ("a.da@gmail.com", "a.da@gmail.com"),
        ("a@b\u00fccher.example", "a@xn--bcher-kva.example"),
        ("a@B\u00dcCHER.example", "a@xn--bcher-kva.example"),
        ("a@bu\u0308cher.example", "a@xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
        ("a@fa\u00df.de", "a@xn--fa-hia.de"),
        ("a@\u0392\u038c\u039b\u039f\u03a3.com", "a@xn--nxasmq6b.com"),
        ("\u7528\u6237@\u4f8b\u5b50\u3002\u5e7f\u544a", "\u7528\u6237@xn--fsqu00a.xn--4rr70v"),
        ("Jose\u0301@example.com", "jos\u00e9@example.com"),
    ],
)
def test_spellings_of_an_address_are_one_address(typed: str, form: str) -> None:
    assert canonical(typed) == lookup_form(typed) == form


@pytest.mark.parametrize(
    "text",
    ["", "@", "ada", "ada@", "@example.com", ".m@example.com", "m.@example.com", "m..m@example.com",
     "m@example.com,x", "m@example.com;n@example.com", "a b@example.com", "a@b@example.com",
     "a\uff20b@example.com", "a@b\uff20example.com", '"a"@example.com', "a(b)@example.com",
     "Ada <a@example.com>", "<a@example.com>", "a@[192.0.2.1]", "a@192.0.2.1", "a@localhost",
     "a@shop.test", "a@x.invalid",
     "a@x_y.com", "a@-x.com", "a@x-.com", "a@x..com", "a@x.com.", "a@.com", "a@ab--cd.com",
     "a@xn--a.com", "a@\u2603.net", "a@ex\u2488com", "a\u200c@example.com", "a\u0000@example.com",
     "\u0301a@example.com", "a@example.com\n", f"{'a' * 65}@example.com", f"a@{'x' * 64}.com"],
)  # fmt: skip
def test_what_mail_cannot_reach_is_no_address(text: str) -> None:
    assert canonical(text) is None


@settings(deadline=None)
@given(ADDRESS)
def test_a_sign_in_looks_where_the_registration_has_put_it(text: str) -> None:
    form = canonical(text)
    if form is not None:
        assert lookup_form(text) == form
        assert canonical(form) == lookup_form(form) == form
        assert len(form.encode()) <= MAX_LENGTH


@settings(deadline=None)
@given(ADDRESS)
def test_what_is_no_address_looks_where_nothing_is_registered(text: str) -> None:
    if canonical(text) is None:
        assert canonical(lookup_form(text)) != lookup_form(text)


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii")), st.text(st.characters(codec="ascii")))
def test_an_account_in_ascii_is_found_as_it_always_was(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    assert lookup_form(text) == unicodedata.normalize("NFKC", text).lower() == text.lower()
