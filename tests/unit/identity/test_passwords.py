"""Argon2id as it is set up here, and what is no password."""

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from identity.clients.argon2_passwords import Argon2Passwords
from identity.domain.password import is_common, is_guessable

PASSWORDS = Argon2Passwords()
HASH = PASSWORDS.hash("caf\u00e9 au lait")


class Spy:
    """A hasher that remembers what it was asked to verify."""

    def __init__(self, inner: PasswordHasher) -> None:
        self.inner, self.verified = inner, list[str]()

    def verify(self, password_hash: str, password: str) -> bool:
        self.verified.append(password_hash)
        return self.inner.verify(password_hash, password)


def test_a_hash_has_the_parameters_that_owasp_asks_for() -> None:
    found = extract_parameters(HASH)
    assert (found.type, found.time_cost, found.memory_cost, found.parallelism) == (
        Type.ID,
        2,
        19456,
        1,
    )


def test_the_password_fits_however_its_accents_are_typed() -> None:
    assert PASSWORDS.verify(HASH, "caf\u00e9 au lait")
    assert PASSWORDS.verify(HASH, "cafe\u0301 au lait")


@pytest.mark.parametrize("password", ["", "cafe au lait", "Caf\u00e9 au lait", "x" * 128])
def test_another_password_does_not_fit(password: str) -> None:
    assert not PASSWORDS.verify(HASH, password)


def test_full_width_letters_are_letters() -> None:
    assert PASSWORDS.verify(PASSWORDS.hash("\uff54\uff45\uff53\uff54 1 2 3"), "test 1 2 3")


def test_what_is_too_long_for_anybody_is_not_hashed_and_costs_as_much(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = chr(0xFDFA) * 60  # 1,080 characters when they are unified
    with pytest.raises(ValueError, match="too long"):
        PASSWORDS.hash(long)
    spy = Spy(PasswordHasher())
    monkeypatch.setattr(PASSWORDS, "_hasher", spy)
    assert not PASSWORDS.verify(HASH, long)
    (verified,) = spy.verified
    assert verified != HASH
    assert extract_parameters(verified) == extract_parameters(HASH)


def test_nobody_has_no_password_but_costs_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(PasswordHasher())
    monkeypatch.setattr(PASSWORDS, "_hasher", spy)
    assert not PASSWORDS.verify(None, "anything")
    (verified,) = spy.verified
    assert extract_parameters(verified) == extract_parameters(HASH)


def test_a_row_that_holds_no_hash_is_no_way_in() -> None:
    assert not PASSWORDS.verify("not a hash", "not a hash")


def test_a_hash_of_other_parameters_is_outdated() -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x")
    assert PASSWORDS.is_outdated(weaker)
    assert not PASSWORDS.is_outdated(HASH)


@pytest.mark.parametrize(
    "password", ["password", "PassWord123", "iloveyou!", "football1", "qwertyuiop"]
)
def test_a_password_that_guessing_starts_with_is_common_in_any_case(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize("password", ["correct horse battery", "quiet-harbour-42-lanterns"])
def test_a_sentence_is_not(password: str) -> None:
    assert not is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "augusta1", "AUGUSTA-2026", "marsh.augusta", "augusta.marsh", "augusta.marsh@example.org",
        "Example123!", "cartwright1", "Cartwright-Marsh", "augustamarsh99",
    ],
)  # fmt: skip
def test_a_password_of_the_users_own_words_and_little_else_is_guessable(password: str) -> None:
    assert is_guessable(password, "augusta.marsh@example.org", "Augusta M\u00e4rsh")


@pytest.mark.parametrize(
    "password", ["12345678", "augusta likes tea", "marshmallows burn", "a b c d e f"]
)
def test_a_password_with_enough_besides_is_not(password: str) -> None:
    assert not is_guessable(password, "augusta.marsh@example.org", None)
