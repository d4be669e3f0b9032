"""The addresses that a user keeps. A change is of the whole book, by whoever read it last."""

from collections.abc import Callable, Mapping
from datetime import datetime

from identity import problems
from identity.domain.address_book import MOST, AddressBook, SavedAddress
from identity.service.change_user import NO_USER, UserBusy
from identity.service.ports import Accounts, PersonalData
from identity.service.seal_details import open_addresses, seal_addresses
from shop import ids
from shop.problems import Problem
from shop.user_keys import Erased

ATTEMPTS = 5
Lines = Mapping[str, str | None]

NO_ADDRESS = Problem(problems.NOT_FOUND, "There is no such address.")
FULL = Problem(problems.TOO_MANY_ADDRESSES, f"At most {MOST} are kept: delete one first.")


def add_address(
    user_id: str,
    lines: Lines,
    accounts: Accounts,
    personal: PersonalData,
    *,
    region: str,
    now: datetime,
) -> SavedAddress | Problem:
    """Keep one more; one that says the same is it already."""
    new = SavedAddress(ids.generate("adr", region=region, now=now), lines)

    def added(book: AddressBook) -> tuple[AddressBook, SavedAddress] | Problem:
        same = book.same(lines)
        if same is not None:
            return book, same
        return FULL if book.is_full else (book.add(new), new)

    return _change(user_id, added, accounts, personal)


def change_address(
    user_id: str, address_id: str, changes: Lines, accounts: Accounts, personal: PersonalData
) -> SavedAddress | Problem:
    """Change some of its lines."""

    def changed(book: AddressBook) -> tuple[AddressBook, SavedAddress] | Problem:
        found = book.find(address_id)
        if found is None:
            return NO_ADDRESS
        after = SavedAddress(address_id, {**found.lines, **changes})
        return (book, found) if after == found else (book.change(after), after)

    return _change(user_id, changed, accounts, personal)


def remove_address(
    user_id: str, address_id: str, accounts: Accounts, personal: PersonalData
) -> Problem | None:
    """Keep it no more; who repeats it hears that it is gone."""

    def removed(book: AddressBook) -> tuple[AddressBook, SavedAddress] | Problem:
        found = book.find(address_id)
        return NO_ADDRESS if found is None else (book.remove(address_id), found)

    result = _change(user_id, removed, accounts, personal)
    return result if isinstance(result, Problem) else None


def _change(
    user_id: str,
    changed: Callable[[AddressBook], tuple[AddressBook, SavedAddress] | Problem],
    accounts: Accounts,
    personal: PersonalData,
) -> SavedAddress | Problem:
    """A token outlives its user by a minute: of somebody who is erased nothing is taken."""
    for _ in range(ATTEMPTS):
        book = open_addresses(accounts.address_book(user_id), personal)
        if isinstance(book, Erased):
            return NO_USER
        result = changed(book)
        if isinstance(result, Problem):
            return result
        after, address = result
        if after == book:
            return address
        person = personal.to_open(user_id)
        if isinstance(person, Erased):
            return NO_USER
        if accounts.keep_addresses(seal_addresses(after, person)):
            return address
    raise UserBusy
