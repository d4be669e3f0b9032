"""What the use cases need from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from identity.domain.access_token import AccessToken
from identity.domain.session import TokenFamily
from identity.domain.sign_in_attempts import Counter
from identity.domain.user import Role, User
from shop.events import Event


class Accounts(Protocol):
    """Users, found by id or by the MAC of their address."""

    def create(self, user: User, address: str, registered: Event) -> bool: ...
    def user_id_of(self, address: str) -> str | None: ...
    def get(self, user_id: str) -> User | None: ...
    def change(self, before: User, after: User, changed: Event, *, now: datetime) -> bool: ...
    def rehash(self, user: User, password_hash: str) -> None: ...


class Sessions(Protocol):
    """Refresh-token families, and the count of attempts to open one."""

    def count_attempt(self, counters: Sequence[Counter]) -> Sequence[Counter]: ...
    def open(self, family: TokenFamily, created: Event, *, counters: Sequence[Counter]) -> None: ...
    def get(self, family_id: str) -> TokenFamily | None: ...
    def rotate(
        self, family_id: str, *, presented: str, successor: str, salt: str, now: datetime
    ) -> TokenFamily | None: ...
    def revoke(self, family: TokenFamily, detected: Event, *, now: datetime) -> None: ...


class EmailHasher(Protocol):
    """A keyed hash of addresses."""

    def of(self, address: str) -> str: ...


class NetworkHasher(Protocol):
    """A keyed hash of an address's hash together with a network."""

    def of(self, address: str, network: str) -> str: ...


class PasswordHash(Protocol):
    """Makes the hash that is stored."""

    def hash(self, password: str) -> str: ...


class Passwords(PasswordHash, Protocol):
    """Checks passwords too; None stands for a user that does not exist and costs as much."""

    def verify(self, password_hash: str | None, password: str) -> bool: ...
    def is_outdated(self, password_hash: str) -> bool: ...


class Tokens(Protocol):
    """Issues access tokens."""

    def issue(self, user_id: str, role: Role, *, session_id: str, now: datetime) -> AccessToken: ...


class Signer(Protocol):
    """Signs with one key."""

    @property
    def kid(self) -> str:
        """The key's name in the key set."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The JWS signature: r || s, 64 bytes."""
        ...
