"""What the use cases need from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from identity.domain.access_token import AccessToken
from identity.domain.authorization_code import AuthorizationCode
from identity.domain.challenge import Challenge
from identity.domain.client_assertion import ClientAssertion
from identity.domain.erasure import Erasure, ErasureStatus
from identity.domain.export import Export
from identity.domain.factor import Factor
from identity.domain.mail import Mail
from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.oauth_client import OAuthClient
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.domain.session_status import SessionStatus
from identity.domain.token_keys import PublicKey, TokenKeySet
from identity.domain.user import User
from shop.erasure import ErasureInput
from shop.events import Event
from shop.export import ExportInput
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


class Erasures(Protocol):
    """Requests to be erased, and what they do to users."""

    def get(self, erasure_id: str) -> Erasure | None: ...
    def request(
        self,
        before: User,
        after: User,
        erasure: Erasure,
        requested: Event,
        *,
        counters: tuple[Counter, ...] = (),
    ) -> bool: ...
    def move(
        self,
        erasure: Erasure,
        *,
        since: ErasureStatus,
        user: tuple[User, User],
        told: Event | None = None,
    ) -> bool: ...
    def remove_rows(self, user: User) -> None: ...
    def remove_user(self, user: User) -> bool: ...
    def finish(self, erasure: Erasure, erased: Event) -> bool: ...


class ErasureMachine(Protocol):
    """What carries erasures out; started twice for the same one it runs once."""

    def start(self, data: ErasureInput) -> None: ...


class Exports(Protocol):
    """Requests for all that is held of a user."""

    def open(
        self, export: Export, requested: Event, *, counters: tuple[Counter, ...] = ()
    ) -> Export: ...
    def get(self, user_id: str, export_id: str) -> Export | None: ...
    def of(self, user_id: str) -> list[Export]: ...
    def finish(self, export: Export, told: Event) -> bool: ...


class Archives(Protocol):
    """Where parts and archives of exports are."""

    def put(self, key: str, body: bytes, content_type: str) -> None: ...
    def get(self, key: str) -> bytes | None: ...
    def delete(self, key: str) -> None: ...
    def link(self, key: str, *, name: str, seconds: int) -> str: ...


class ExportMachine(Protocol):
    """What carries exports out; started twice for the same one it runs once."""

    def start(self, data: ExportInput) -> None: ...


class UserKeys(Protocol):
    """The keys of users, of which one is destroyed."""

    def erase(self, user_id: str, *, now: datetime) -> bool: ...


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
    """Attempts to prove oneself by a password or a secret."""

    def count(self, counters: Sequence[Counter]) -> Sequence[Counter]: ...
    def is_full(self, counter: Counter) -> bool: ...
    def take_back(self, counters: Sequence[Counter]) -> None: ...


class OAuthClients(Protocol):
    """The registry of clients."""

    def add(self, client: OAuthClient) -> bool: ...
    def get(self, client_id: str) -> OAuthClient | None: ...
    def change(self, before: OAuthClient, after: OAuthClient) -> bool: ...
    def all(self) -> list[OAuthClient]: ...


class ClientAssertions(Protocol):
    """Signed assertions that were used."""

    def use(self, assertion: ClientAssertion) -> bool: ...


class AuthorizationCodes(Protocol):
    """Codes, by their digests."""

    def issue(self, code: AuthorizationCode) -> None: ...
    def get(self, digest: str) -> AuthorizationCode | None: ...
    def redeem(
        self,
        code: AuthorizationCode,
        family: TokenFamily,
        created: Event,
        *,
        instead_of: Sequence[tuple[TokenFamily, Event]] = (),
    ) -> bool: ...


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
        client_id: str,
        now: datetime,
    ) -> TokenFamily | None: ...
    def revoke(self, family: TokenFamily, ended: Event, *, now: datetime) -> None: ...


class SessionStatuses(Protocol):
    """A user and a session as they are now; None if there is no such pair."""

    def of(
        self, user_id: str, session_id: str, *, client_id: str | None = None
    ) -> SessionStatus | None: ...
    def is_active_client(self, client_id: str) -> bool: ...


class EmailHasher(Protocol):
    """A keyed hash of addresses."""

    def of(self, address: str) -> str: ...


class NetworkHasher(Protocol):
    """A keyed hash of what is counted or compared together with a network."""

    def of(self, what: str, network: str) -> str: ...


class MailedSecrets(Protocol):
    """The secret of a mailed token: always the same for the same mail."""

    def of(self, purpose: str, mail_id: str) -> bytes: ...


class FormSigner(Protocol):
    """A keyed hash of what a form carries along."""

    def sign(self, text: str) -> str: ...


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


class ClientTokenIssuer(Tokens, Protocol):
    """Issues tokens to registered clients: of their own, and ID tokens."""

    def issue_to_client(self, client_id: str, scope: str, *, now: datetime) -> AccessToken: ...
    def identify(
        self,
        family: TokenFamily,
        access: AccessToken,
        *,
        nonce: str | None,
        now: datetime,
    ) -> str: ...


class SigningKey(Protocol):
    """A key that signs now."""

    @property
    def kid(self) -> str:
        """The key's name in the key set."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The JWS signature: r || s, 64 bytes."""
        ...


class Signer(Protocol):
    """Signs with the key whose turn it is."""

    def current(self) -> SigningKey:
        """To be asked once per token: its name and its signature are of one key."""
        ...


class TokenKeys(Protocol):
    """Where it is kept which keys sign; `keep` is False if that changed since it was read."""

    def get(self) -> TokenKeySet | None: ...
    def keep(self, keys: TokenKeySet) -> bool: ...


class KeyMaker(Protocol):
    """Makes keys that sign, each known by the time with which it was marked."""

    def make(self, mark: datetime) -> str: ...
    def made(self, mark: datetime) -> str | None: ...
    def public(self, arn: str) -> PublicKey | None: ...
    def replicate(self, arn: str, region: str) -> bool: ...
    def delete(self, arn: str, replicas: Sequence[str]) -> None: ...
