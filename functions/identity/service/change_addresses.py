"""The addresses that a user keeps. A change is of the whole book, by whoever read it last."""

from collections.abc import Callable, Mapping
from datetime import datetime

from identity import problems
from identity.domain.address_book import MOST, AddressBook, SavedAddress
from identity.service.change_user import UserBusy
from identity.service.ports import Accounts
from shop import ids
from shop.problems import Problem

ATTEMPTS = 5
Lines = Mapping[str, str | None]

NO_ADDRESS = Problem(problems.NOT_FOUND, "There is no such address.")
FULL = Problem(problems.TOO_MANY_ADDRESSES, f"At most {MOST} are kept: delete one first.")


def add_address(
    user_id: str, lines: Lines, accounts: Accounts, *, region: str, now: datetime
) -> SavedAddress | Problem:
    """Keep one more; one that says the same is it already."""
    new = SavedAddress(ids.generate("adr", region=region, now=now), lines)

    def added(book: AddressBook) -> tuple[AddressBook, SavedAddress] | Problem:
        same = book.same(lines)
        if same is not None:
            return book, same
        return FULL if book.is_full else (book.add(new), new)

    return _change(user_id, added, accounts)


def change_address(
    user_id: str, address_id: str, changes: Lines, accounts: Accounts
) -> SavedAddress | Problem:
    """Change some of its lines."""

    def changed(book: AddressBook) -> tuple[AddressBook, SavedAddress] | Problem:
        found = book.find(address_id)
        if found is None:
            return NO_ADDRESS
        after = SavedAddress(address_id, {**found.lines, **changes})
        return (book, found) if after == found else (book.change(after), after)

    return _change(user_id, changed, accounts)


def remove_address(user_id: str, address_id: str, accounts: Accounts) -> Problem | None:
    """Keep it no more; who repeats it hears that it is gone."""

    def removed(book: AddressBook) -> tuple[AddressBook, SavedAddress] | Problem:
        found = book.find(address_id)
        return NO_ADDRESS if found is None else (book.remove(address_id), found)

    result = _change(user_id, removed, accounts)
    return result if isinstance(result, Problem) else None


def _change(
    user_id: str,
    changed: Callable[[AddressBook], tuple[AddressBook, SavedAddress] | Problem],
    accounts: Accounts,
) -> SavedAddress | Problem:
    for _ in range(ATTEMPTS):
        book = accounts.address_book(user_id)
        result = changed(book)
        if isinstance(result, Problem):
            return result
        after, address = result
        if after == book or accounts.keep_addresses(after):
            return address
    raise UserBusy
