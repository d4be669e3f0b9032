"""Where a customer's goods may go: a few addresses, each with an id.

An address is kept as it was written; what it must have for a country is decided when something is
ordered to it, for rules change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

MOST = 20


@dataclass(frozen=True, slots=True)
class SavedAddress:
    """One address: its lines by their names in the API."""

    address_id: str
    lines: Mapping[str, str | None] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddressBook:
    """All addresses of a user, oldest first. `version` counts its changes."""

    user_id: str
    addresses: tuple[SavedAddress, ...] = ()
    version: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no more can be kept."""
        return len(self.addresses) >= MOST

    def find(self, address_id: str) -> SavedAddress | None:
        """The one of this id."""
        return next((each for each in self.addresses if each.address_id == address_id), None)

    def same(self, lines: Mapping[str, str | None]) -> SavedAddress | None:
        """The one that says the same: who adds it again, as after a lost answer, gets that."""
        return next((each for each in self.addresses if each.lines == lines), None)

    def add(self, address: SavedAddress) -> "AddressBook":
        """With one more."""
        return self._next((*self.addresses, address))

    def change(self, address: SavedAddress) -> "AddressBook":
        """With this in place of the one of its id."""
        same = address.address_id
        return self._next(tuple(address if a.address_id == same else a for a in self.addresses))

    def remove(self, address_id: str) -> "AddressBook":
        """Without it."""
        return self._next(tuple(each for each in self.addresses if each.address_id != address_id))

    def _next(self, addresses: tuple[SavedAddress, ...]) -> "AddressBook":
        return replace(self, addresses=addresses, version=self.version + 1)
