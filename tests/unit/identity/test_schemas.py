"""Which registrations are taken."""

import json
import unicodedata
from typing import Any

import pytest
from pydantic import ValidationError

from identity.domain import password as rules
from identity.domain.common_passwords import common
from identity.domain.email_address import MAX_LENGTH, lookup_form
from identity.schemas import RegisterIn, SignInIn

GOOD = {
    "email": "ada@example.com",
    "password": "correct horse battery",
    "consents": {"terms": True, "marketing": False},
}


def wide(text: str) -> str:
    """As a Japanese keyboard may type it."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def register(**changes: Any) -> RegisterIn:
    return RegisterIn.model_validate_json(json.dumps(GOOD | changes))


def test_a_profile_may_be_left_out() -> None:
    assert register().profile.name is None
    assert register(profile={"name": "Ada", "locale": "en-GB"}).profile.locale == "en-GB"


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@x.org", "ada@localhost", "a b@x.org", "a@b@x.org", "ada@x..org",
     "ada@.org", "ada@x.org ", "ada\x00@x.org", "ada\u200b@x.org", f"{'a' * 65}@x.org",
     f"ada@{'x' * 250}.org", "ada@x.org,y", ".ada@x.org", "ada.@x.org", "a..da@x.org", "ada@x.test",
     "ada@-x.org", "ada@x_y.org", '"ada"@x.org', "Ada<ada@x.org>", "ada@[192.0.2.1]", None, 1],
)  # fmt: skip
def test_what_is_no_address_is_refused(email: object) -> None:
    with pytest.raises(ValidationError):
        register(email=email)


# U+FDFA is one character that NFKC spells with eighteen; U+0130 is one whose small letter is two.
@pytest.mark.parametrize("local", [chr(0xFDFA) * 64, chr(0x130) * 64])
@pytest.mark.parametrize("body", [RegisterIn, SignInIn])
def test_an_address_is_measured_in_the_form_that_is_looked_up(body: Any, local: str) -> None:
    email = f"{local}@{'x' * 62}.{'y' * 62}.org"
    assert len(email) <= MAX_LENGTH < len(lookup_form(email))
    with pytest.raises(ValidationError) as caught:
        body.model_validate_json(json.dumps(GOOD | {"email": email}))
    assert ("email",) in [error["loc"] for error in caught.value.errors()]


def test_the_longest_address_that_is_looked_up_is_small_enough_for_kms() -> None:
    email = f"{chr(0x1F600) * 64}@{chr(0x1F600) * 185}.org"
    assert len(email) == MAX_LENGTH
    body = SignInIn.model_validate_json(json.dumps({"email": email, "password": "x"}))
    assert len(lookup_form(body.email).encode()) <= 1024  # of the 4,096 octets that a MAC may have


def test_an_address_that_no_mail_can_be_sent_to_is_refused_and_can_still_sign_in() -> None:
    """SES takes no others before the @."""
    with pytest.raises(ValidationError):
        register(email="\u00e4da@example.com")
    SignInIn.model_validate_json(json.dumps({"email": "\u00e4da@example.com", "password": "x"}))


def test_an_address_is_stored_in_the_form_that_is_looked_up() -> None:
    assert register(email="Ada@B\u00fccher.Example").email == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("at", ["@", "\uff20", "\ufe6b"])
def test_an_address_may_be_typed_on_any_keyboard(at: str) -> None:
    for email in (f"Ada{at}example.com", wide("Ada").lower() + at + wide("example.com")):
        assert register(email=email).email == "ada@example.com"
        body = SignInIn.model_validate_json(json.dumps({"email": email, "password": "x"}))
        assert lookup_form(body.email) == "ada@example.com"


@pytest.mark.parametrize("body", [RegisterIn, SignInIn])
@pytest.mark.parametrize("email", ["", "ada", "a@b@example.com", "a\uff20b@example.com", None])
def test_what_is_no_address_is_told_what_one_is_like(body: Any, email: object) -> None:
    with pytest.raises(ValidationError) as caught:
        body.model_validate_json(json.dumps(GOOD | {"email": email}))
    (error,) = (each for each in caught.value.errors() if each["loc"] == ("email",))
    assert error["msg"] == "must be like ada@example.com"


@pytest.mark.parametrize(
    "password",
    ["", "seven77", "x" * 257, "password123", "PassWord123", "ADA@example.com", None, 12345678,
     wide("password123"), wide("Passw0rd"), wide("ada@example.com"), "ada@EXAMPLE\u3002com",
     "e\u0301" * 7, chr(0xFDFA) * 15, "\ufb00" * 3, "\ufb00" * 129, "tab\tand more",
     "line\nand more", "\ue000 private", "unassigned \u0378", " " * 8, "\u3000" * 8,
     "\u200b" * 8, "\u3164" * 8],
)  # fmt: skip
def test_weak_passwords_are_refused(password: object) -> None:
    with pytest.raises(ValidationError):
        register(password=password)


@pytest.mark.parametrize("password", ["x" * 7 + "y", "x" * 255 + "y", "eigh t888", "пароль мой"])
def test_any_other_password_is_taken(password: str) -> None:
    assert register(password=password).password.get_secret_value() == password


@pytest.mark.parametrize(
    "password",
    ["e\u0301" * 100, "\u1112\u1161\u11ab" * 256, wide("correct h"), "\ufb03" * 3, "\ufb00" * 128],
)
def test_a_password_is_measured_in_the_form_that_is_hashed_and_can_be_typed_again(
    password: str,
) -> None:
    normal = unicodedata.normalize("NFKC", password)
    assert register(password=password).password.get_secret_value() == normal
    typed_again = json.dumps({"email": GOOD["email"], "password": password})
    assert SignInIn.model_validate_json(typed_again).password.get_secret_value() == normal
    assert len(normal.encode()) <= rules.MAX_OCTETS


def test_the_list_holds_only_what_the_length_does_not_refuse_already() -> None:
    assert all(
        8 <= len(word) <= 256 and word == rules.normalise(word).casefold() for word in common()
    )
    assert len(common()) > 10_000


@pytest.mark.parametrize(
    "consents",
    [{"terms": False, "marketing": True}, {"marketing": True}, {}, None,
     {"terms": 1, "marketing": True}, {"terms": True, "marketing": "yes"}],
)  # fmt: skip
def test_there_is_no_account_without_the_terms(consents: object) -> None:
    with pytest.raises(ValidationError):
        register(consents=consents)


def test_unknown_fields_are_refused_wherever_they_stand() -> None:
    for changes in ({"role": "admin"}, {"profile": {"role": "admin"}}):
        with pytest.raises(ValidationError):
            register(**changes)


def test_no_error_and_no_repr_quotes_the_password() -> None:
    with pytest.raises(ValidationError) as caught:
        register(password="password123", email="not an address")
    errors = caught.value.errors(include_url=False, include_input=False, include_context=False)
    assert "password123" not in str(errors)
    body = SignInIn(email="ada@example.com", password="hunter2hunter2")  # type: ignore[arg-type]
    assert "hunter2" not in repr(body)
