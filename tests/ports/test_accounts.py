"""`identity.service.ports.Accounts`, in memory and on DynamoDB."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from identity.domain import user
from identity.domain.user import User
from identity.repository.users import AccountRepository
from identity.service.ports import Accounts, SealedAddressBook
from tests.support.identities import (
    MAC,
    OTHER_MAC,
    USER,
    USER_ID,
    event,
)
from tests.support.ports import opened, told
from tests.unit.identity.fakes import NOW, FakeAccounts

PORTS = (Accounts,)


@pytest.fixture(params=[FakeAccounts, AccountRepository])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    made: Accounts = opened(request, "identity")
    return made


def test_a_user_is_found_by_id_and_by_address(accounts: Accounts) -> None:
    assert accounts.create(USER, event())
    assert accounts.get(USER_ID) == USER
    assert accounts.user_id_of(MAC) == USER_ID
    assert (accounts.get("usr_nobody"), accounts.user_id_of(OTHER_MAC)) == (None, None)
    assert [each["subject"] for each in told(accounts, "identity")] == [USER_ID]


@pytest.mark.parametrize(
    ("user_id", "mac"),
    [(USER_ID, MAC), (USER_ID, OTHER_MAC), (user.nobody(OTHER_MAC, region="use1"), MAC)],
    ids=["both", "user", "address"],
)
def test_user_and_address_are_taken_together_or_not_at_all(
    accounts: Accounts, user_id: str, mac: str
) -> None:
    assert accounts.create(USER, event())
    other = replace(USER, user_id=user_id, address=mac, personal=b"of Eve")
    assert not accounts.create(other, event(user_id, 2))
    assert accounts.get(USER_ID) == USER
    assert accounts.user_id_of(OTHER_MAC) is None
    assert accounts.get(user.nobody(OTHER_MAC, region="use1")) is None
    assert len(told(accounts, "identity")) == 1


def test_a_hash_is_replaced_unless_somebody_has_replaced_it_since(accounts: Accounts) -> None:
    accounts.create(USER, event())
    accounts.rehash(USER, "better")
    accounts.rehash(USER, "late")
    assert accounts.get(USER_ID) == replace(USER, password_hash="better")


def test_an_account_is_changed_by_who_has_read_it_last(accounts: Accounts) -> None:
    accounts.create(USER, event())
    closed = user.disable(USER, b"by olu", now=NOW + timedelta(minutes=1))
    assert accounts.change(USER, closed, event(sequence=2))
    assert accounts.get(USER_ID) == closed
    assert not accounts.change(USER, closed, event(sequence=2))
    opened_again = user.enable(closed, "other", b"by eve", now=NOW + timedelta(hours=1))
    assert accounts.change(closed, opened_again, event(sequence=3))
    assert accounts.get(USER_ID) == opened_again
    assert told(accounts, "identity")[-1]["sequence"] == 3


BOOK = SealedAddressBook(USER_ID, b"sealed", version=1)


def test_an_address_book_is_kept_by_who_has_read_it_last(accounts: Accounts) -> None:
    assert accounts.address_book(USER_ID) == SealedAddressBook(USER_ID)
    assert accounts.keep_addresses(BOOK)
    assert not accounts.keep_addresses(BOOK)
    assert accounts.address_book(USER_ID) == BOOK
    after = SealedAddressBook(USER_ID, b"sealed anew", version=2)
    assert accounts.keep_addresses(after)
    assert not accounts.keep_addresses(after)
    assert accounts.address_book(USER_ID) == after


@pytest.mark.parametrize(
    "change",
    [
        lambda before: user.change_profile(before, b"of Eve", now=NOW),
        lambda before: user.consent(before, marketing=False, now=NOW + timedelta(hours=1)),
        lambda before: user.deactivate(before, now=NOW + timedelta(hours=1)),
        lambda before: user.change_password(before, "x", session_id="ses_1", now=NOW),
    ],
)
def test_whatever_changes_in_a_user_is_kept(
    accounts: Accounts, change: Callable[[User], User]
) -> None:
    accounts.create(USER, event())
    after = change(USER)
    assert accounts.change(USER, after, event(sequence=2))
    stored = accounts.get(USER_ID)
    assert stored is not None
    assert replace(stored, updated=None) == replace(after, updated=None)
