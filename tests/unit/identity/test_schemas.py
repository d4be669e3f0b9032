"""Which registrations are taken."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from identity.domain.common_passwords import COMMON
from identity.domain.user import MAX_EMAIL, normalise_email
from identity.schemas import RegisterIn, SignInIn

GOOD = {
    "email": "ada@example.com",
    "password": "correct horse battery",
    "consents": {"terms": True, "marketing": False},
}


def register(**changes: Any) -> RegisterIn:
    return RegisterIn.model_validate_json(json.dumps(GOOD | changes))


def test_a_profile_may_be_left_out() -> None:
    assert register().profile.name is None
    assert register(profile={"name": "Ada", "locale": "en-GB"}).profile.locale == "en-GB"


@pytest.mark.parametrize(
    "email",
    ["", "ada", "ada@", "@x.org", "ada@localhost", "a b@x.org", "a@b@x.org", "ada@x..org",
     "ada@.org", "ada@x.org ", "ada\x00@x.org", "ada\u200b@x.org", f"{'a' * 65}@x.org",
     f"ada@{'x' * 250}.org", None, 1],
)  # fmt: skip
def test_what_is_no_address_is_refused(email: object) -> None:
    with pytest.raises(ValidationError):
        register(email=email)


# U+FDFA is one character that NFKC spells with eighteen; U+0130 is one whose small letter is two.
@pytest.mark.parametrize("email", [f"ada@{chr(0xFDFA) * 243}.org", f"ada@{chr(0x130) * 200}.org"])
@pytest.mark.parametrize("body", [RegisterIn, SignInIn])
def test_an_address_is_measured_in_the_form_that_is_looked_up(body: Any, email: str) -> None:
    assert len(email) <= MAX_EMAIL < len(normalise_email(email))
    with pytest.raises(ValidationError) as caught:
        body.model_validate_json(json.dumps(GOOD | {"email": email}))
    assert ("email",) in [error["loc"] for error in caught.value.errors()]


def test_the_longest_address_is_taken_and_is_small_enough_for_kms() -> None:
    email = f"{chr(0x1F600) * 64}@{chr(0x1F600) * 185}.org"
    assert len(email) == MAX_EMAIL
    assert len(normalise_email(register(email=email).email).encode()) <= 1024


@pytest.mark.parametrize(
    "password",
    ["", "seven77", "x" * 129, "password123", "PassWord123", "ADA@example.com", None, 12345678],
)
def test_weak_passwords_are_refused(password: object) -> None:
    with pytest.raises(ValidationError):
        register(password=password)


@pytest.mark.parametrize("password", ["x" * 7 + "y", "x" * 127 + "y", "eight888", "пароль мой"])
def test_any_other_password_is_taken(password: str) -> None:
    assert register(password=password).password.get_secret_value() == password


def test_the_list_holds_only_what_the_length_does_not_refuse_already() -> None:
    assert all(8 <= len(word) <= 128 and word == word.casefold() for word in COMMON)
    assert len(COMMON) > 200


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
