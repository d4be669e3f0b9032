"""What the use cases need from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from identity.domain.access_token import AccessToken
from identity.domain.challenge import Challenge
from identity.domain.factor import Factor
from identity.domain.mail import Mail
from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.domain.session_status import SessionStatus
from identity.domain.user import User
from shop.events import Event
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class SealedAddressBook:
    """The addresses of a user as they are kept; None: there never were any."""

    user_id: str
    personal: bytes | None = field(default=None, repr=False)
    version: int = 0


@dataclass(frozen=True, slots=True)
class AccountChange:
    """A user as read and as they are to be, the event of it, and the mail that tells them, if any
    does, with the event that sends it."""

    before: User
    after: User
    event: Event
    notice: tuple[MailRequest, Event] | None = None


class Accounts(Protocol):
    """Users, found by id or by the MAC of their address."""

    def create(
        self, user: User, registered: Event, *, proof: MailRequest | None = None
    ) -> bool: ...
    def user_id_of(self, address: str) -> str | None: ...
    def get(self, user_id: str) -> User | None: ...
    def change(self, before: User, after: User, changed: Event) -> bool: ...
    def change_password(
        self,
        before: User,
        after: User,
        changed: Event,
        *,
        proof: MailRequest | None = None,
        counters: Sequence[Counter] = (),
    ) -> bool: ...
    def rehash(self, user: User, password_hash: str) -> None: ...
    def address_book(self, user_id: str) -> SealedAddressBook: ...
    def keep_addresses(self, book: SealedAddressBook) -> bool: ...


class Person(Protocol):
    """A user, by the key under which their data is sealed."""

    def seal(self, fields: Mapping[str, Any], *, row: str) -> bytes:
        """These fields as one message that opens for this user and row only."""
        ...

    def open(self, sealed: bytes, *, row: str) -> dict[str, Any]:
        """The fields again."""
        ...

    def digest(self, text: str) -> str:
        """A keyed hash, under the user's key."""
        ...


class PersonalData(Protocol):
    """The keys of users."""

    def to_seal(self, user_id: str) -> Person | Erased:
        """Whose data is to be written."""
        ...

    def to_open(self, user_id: str) -> Person | Erased:
        """Whose data was written before."""
        ...


class MailRequests(Protocol):
    """Requests for mails, and how often there were some."""

    def ask(self, request: MailRequest, requested: Event, counter: Counter) -> bool: ...
    def get(self, purpose: Purpose, address: str, mail_id: str) -> MailRequest | None: ...
    def open_registration(self, address: str, *, now: datetime) -> MailRequest | None: ...
    def claim(
        self, request: MailRequest, counters: Sequence[Counter], *, now: datetime
    ) -> bool: ...
    def mark_mailed(self, request: MailRequest, *, now: datetime) -> None: ...


class Attempts(Protocol):
    """Attempts to prove oneself by a password."""

    def count(self, counters: Sequence[Counter]) -> Sequence[Counter]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A challenge with the answer that was good: the session as proved by it, the attempts to take
    back, and what the answer uses up: the step of a factor's code, or a code of the user's."""

    challenge: Challenge
    verified: Event
    session: TokenFamily
    counters: Sequence[Counter]
    factor: Factor | None = None
    step: int = 0
    recovered: AccountChange | None = None


# The request for a mail with a code, the event that sends it, and what it is counted by: where that
# is full nothing is stored.
MailedCode = tuple[MailRequest, Event, Counter]


class Factors(Protocol):
    """Second factors. What is False was changed by somebody else meanwhile, and nothing is done."""

    def of(self, user_id: str) -> Sequence[Factor]: ...
    def get(self, user_id: str, factor_id: str) -> Factor | None: ...
    def enrol(self, factor: Factor, mailed: MailedCode | None = None) -> bool: ...
    def try_to_confirm(self, factor: Factor) -> bool: ...
    def confirm(
        self, factor: Factor, change: AccountChange, *, step: int, session: TokenFamily
    ) -> bool: ...
    def remove(
        self, factors: Sequence[Factor], change: AccountChange, *, now: datetime
    ) -> bool: ...


class Challenges(Protocol):
    """Challenges, and answers to them."""

    def open(self, challenge: Challenge, mailed: MailedCode | None = None) -> bool: ...
    def get(self, user_id: str, challenge_id: str) -> Challenge | None: ...
    def attempt(
        self, challenge: Challenge, counters: Sequence[Counter], *, now: datetime
    ) -> Sequence[Counter] | None:
        """Count an attempt: the counters that are full, or None if it is open no more."""
        ...

    def answer(self, answer: Answer, *, now: datetime) -> bool: ...


class Sessions(Protocol):
    """Refresh-token families."""

    def open(
        self,
        family: TokenFamily,
        created: Event,
        *,
        counters: Sequence[Counter],
        instead_of: Sequence[tuple[TokenFamily, Event]] = (),
    ) -> None: ...
    def get(self, user_id: str, session_id: str) -> TokenFamily | None: ...
    def of(self, user_id: str) -> list[TokenFamily]: ...
    def rotate(
        self,
        user_id: str,
        session_id: str,
        *,
        presented: str,
        successor: str,
        salt: str,
        client: str,
        now: datetime,
    ) -> TokenFamily | None: ...
    def revoke(self, family: TokenFamily, ended: Event, *, now: datetime) -> None: ...


class SessionStatuses(Protocol):
    """A user and a session as they are now; None if there is no such pair."""

    def of(self, user_id: str, session_id: str) -> SessionStatus | None: ...


class EmailHasher(Protocol):
    """A keyed hash of addresses."""

    def of(self, address: str) -> str: ...


class NetworkHasher(Protocol):
    """A keyed hash of what is counted or compared together with a network."""

    def of(self, what: str, network: str) -> str: ...


class MailedSecrets(Protocol):
    """The secret of a mailed token: always the same for the same mail."""

    def of(self, purpose: str, mail_id: str) -> bytes: ...


class Mailer(Protocol):
    """Sends mail; False for one that no repeat would bring to anybody."""

    def send(self, mail: Mail) -> bool: ...


class PasswordHash(Protocol):
    """Makes the hash that is stored."""

    def hash(self, password: str) -> str: ...


class Passwords(PasswordHash, Protocol):
    """Checks passwords too; None stands for a user that does not exist and costs as much."""

    def verify(self, password_hash: str | None, password: str) -> bool: ...
    def is_outdated(self, password_hash: str) -> bool: ...


class Tokens(Protocol):
    """Issues access tokens."""

    def issue(self, holder: User, family: TokenFamily, *, now: datetime) -> AccessToken: ...


class Signer(Protocol):
    """Signs with one key."""

    @property
    def kid(self) -> str:
        """The key's name in the key set."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The JWS signature: r || s, 64 bytes."""
        ...
