"""What is personal in rows of identity, sealed: profiles, addresses, devices, applicants.

Nothing here opens without being asked: to sign in, to refresh and to be let in needs none of it.
"""

from collections.abc import Callable
from dataclasses import asdict

from identity.domain.address_book import AddressBook, SavedAddress
from identity.domain.factor import Factor, FactorDetails
from identity.domain.profile import UserProfile
from identity.domain.session import TokenFamily
from identity.domain.user import User
from identity.service.ports import Person, PersonalData, SealedAddressBook
from shop.user_keys import Erased


def seal_profile(profile: UserProfile, user_id: str, person: Person) -> bytes:
    """For the row of this user."""
    return person.seal(asdict(profile), row=user_id)


def open_profile(user: User, personal: PersonalData) -> UserProfile | Erased:
    """Of a user as they were read."""
    person = personal.to_open(user.user_id)
    return person if isinstance(person, Erased) else profile_of(user, person)


def profile_of(user: User, person: Person) -> UserProfile:
    """The same with a key that is at hand."""
    return UserProfile(**person.open(user.personal, row=user.user_id))


def seal_addresses(book: AddressBook, person: Person) -> SealedAddressBook:
    """All of a user's in one message, as they stand in one row."""
    saved = [{"address_id": each.address_id, **each.lines} for each in book.addresses]
    sealed = person.seal({"addresses": saved}, row=_addresses(book.user_id))
    return SealedAddressBook(book.user_id, sealed, version=book.version)


def open_addresses(sealed: SealedAddressBook, personal: PersonalData) -> AddressBook | Erased:
    """The addresses again; of who never kept any, none, without asking for a key."""
    if sealed.personal is None:
        return AddressBook(sealed.user_id)
    person = personal.to_open(sealed.user_id)
    if isinstance(person, Erased):
        return person
    opened = person.open(sealed.personal, row=_addresses(sealed.user_id))
    saved = tuple(_saved(each) for each in opened["addresses"])
    return AddressBook(sealed.user_id, saved, version=sealed.version)


def seal_device(
    device: str | None, user_id: str, session_id: str, personal: Callable[[], PersonalData]
) -> bytes | None:
    """What a user calls their device. A key is asked for only where there is something to seal, and
    of somebody who is being erased nothing is kept."""
    if device is None:
        return None
    person = personal().to_open(user_id)
    if isinstance(person, Erased):
        return None
    return person.seal({"device": device}, row=session_id)


def open_device(family: TokenFamily, personal: PersonalData) -> str | None:
    """What it is called; None if it has no name, or its user none any more."""
    if family.device is None:
        return None
    person = personal.to_open(family.user_id)
    if isinstance(person, Erased):
        return None
    device: str = person.open(family.device, row=family.session_id)["device"]
    return device


def seal_factor(details: FactorDetails, factor_id: str, person: Person) -> bytes:
    """For the row of this factor."""
    return person.seal(asdict(details), row=factor_id)


def open_factor(factor: Factor, person: Person) -> FactorDetails:
    """What its codes are made of. Raises LookupError of one that was removed: it has nothing."""
    if factor.personal is None:
        raise LookupError("a factor that was removed")
    return FactorDetails(**person.open(factor.personal, row=factor.factor_id))


def _addresses(user_id: str) -> str:
    return f"{user_id}/addresses"


def _saved(stored: dict[str, str]) -> SavedAddress:
    lines = dict(stored)
    return SavedAddress(lines.pop("address_id"), lines)
