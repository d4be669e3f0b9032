"""In-memory ports that count what is asked of them, and a signer with a key of its own."""

import hashlib
from collections import Counter as Counts
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from identity.domain.authorization_code import AuthorizationCode
from identity.domain.client_assertion import ClientAssertion
from identity.domain.mail import Mail
from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.oauth_client import OAuthClient
from identity.domain.rate_limit import Counter
from identity.domain.session import KEPT, TokenFamily, TokenState
from identity.domain.token_keys import PublicKey
from identity.domain.user import User
from identity.service.issue_access_token import TokenIssuer
from identity.service.ports import SealedAddressBook
from shop import trace
from shop.events import Event
from shop.personal_data import Person
from shop.text import base64url

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
ISSUER = "https://issuer.test"
AUDIENCE = "cartwright-api"
TRACE = trace.from_header(None)
REGION = "us-east-1"


class LocalSigner:
    """ES256 with a key in memory."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        numbers = self.private.public_key().public_numbers()
        self.public = PublicKey(
            base64url(numbers.x.to_bytes(32, "big")),
            base64url(numbers.y.to_bytes(32, "big")),
        )

    @property
    def kid(self) -> str:
        return self.public.kid

    def current(self) -> "LocalSigner":
        return self

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


SIGNER = LocalSigner()
ISSUES = TokenIssuer(ISSUER, AUDIENCE, SIGNER)


class FakeMac:
    """A MAC without a key."""

    def of(self, address: str) -> str:
        return hashlib.sha256(address.encode()).hexdigest()


class FakeNetworks:
    """The same of an address with a network."""

    def of(self, address: str, network: str) -> str:
        return f"{address} from {network}"


class FakePasswords:
    """The hash is the password, backwards; work is counted."""

    def __init__(self) -> None:
        self.work: Counts[str] = Counts()

    def hash(self, password: str) -> str:
        self.work["hash"] += 1
        return f"new:{password[::-1]}"

    def verify(self, password_hash: str | None, password: str) -> bool:
        self.work["verify"] += 1
        return password_hash is not None and password_hash.partition(":")[2] == password[::-1]

    def is_outdated(self, password_hash: str) -> bool:
        return password_hash.startswith("old:")


@dataclass
class FakeAccounts:
    """Users in a dictionary."""

    users: dict[str, User] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    books: dict[str, SealedAddressBook] = field(default_factory=dict)
    requests: "FakeMailRequests | None" = None
    attempts: "FakeAttempts | None" = None
    events: list[Event] = field(default_factory=list)
    calls: Counts[str] = field(default_factory=Counts)

    def create(self, user: User, registered: Event, *, proof: MailRequest | None = None) -> bool:
        self.calls["create"] += 1
        if (
            user.address in self.addresses
            or user.user_id in self.users
            or not self._use(proof, user)
        ):
            return False
        self.addresses[user.address] = user.user_id
        self.users[user.user_id] = user
        self.events.append(registered)
        return True

    def user_id_of(self, address: str) -> str | None:
        self.calls["user_id_of"] += 1
        return self.addresses.get(address)

    def get(self, user_id: str) -> User | None:
        self.calls["get"] += 1
        return self.users.get(user_id)

    def _use(self, proof: MailRequest | None, user: User) -> bool:
        if proof is None:
            return True
        assert self.requests is not None
        return self.requests.use(proof, now=user.updated or user.created)

    def change_password(
        self,
        before: User,
        after: User,
        changed: Event,
        *,
        proof: MailRequest | None = None,
        counters: Sequence[Counter] = (),
    ) -> bool:
        if self.users.get(before.user_id) != before or not self._use(proof, after):
            return False
        if self.attempts is not None:
            self.attempts.failures.subtract(counters)
        return self.change(before, after, changed)

    def address_book(self, user_id: str) -> SealedAddressBook:
        return self.books.get(user_id, SealedAddressBook(user_id))

    def keep_addresses(self, book: SealedAddressBook) -> bool:
        if self.address_book(book.user_id).version != book.version - 1:
            return False
        self.books[book.user_id] = book
        return True

    def change(self, before: User, after: User, changed: Event) -> bool:
        if self.users.get(before.user_id) != before:
            return False
        self.users[before.user_id] = after
        self.events.append(changed)
        return True

    def rehash(self, user: User, password_hash: str) -> None:
        self.calls["rehash"] += 1
        stored = self.users.get(user.user_id)
        if stored is not None and stored.password_hash == user.password_hash:
            self.users[user.user_id] = replace(stored, password_hash=password_hash)


class FakePersonalData:
    """A key for each user, made of their id."""

    def to_seal(self, user_id: str) -> Person:
        return self.to_open(user_id)

    def to_open(self, user_id: str) -> Person:
        key = hashlib.sha256(user_id.encode()).digest()
        return Person(user_id, "identity", key)


@dataclass
class FakeAttempts:
    """Counters in a dictionary."""

    failures: Counts[Counter] = field(default_factory=Counts)

    def count(self, counters: Sequence[Counter]) -> Sequence[Counter]:
        full = [each for each in counters if self.failures[each] >= each.limit.times]
        if not full:
            self.failures.update(counters)
        return full

    def take_back(self, counters: Sequence[Counter]) -> None:
        self.failures.subtract(counters)

    def is_full(self, counter: Counter) -> bool:
        return self.failures[counter] >= counter.limit.times


@dataclass
class FakeMailRequests:
    """Requests and counters in dictionaries."""

    stored: dict[tuple[str, str, str], MailRequest] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    times: Counts[Counter] = field(default_factory=Counts)
    events: list[Event] = field(default_factory=list)

    def ask(self, request: MailRequest, requested: Event, counter: Counter) -> bool:
        if self.times[counter] >= counter.limit.times:
            return False
        self.times[counter] += 1
        self.stored[_key(request)] = request
        self.events.append(requested)
        return True

    def get(self, purpose: Purpose, address: str, mail_id: str) -> MailRequest | None:
        return self.stored.get((purpose, address, mail_id))

    def open_registration(self, address: str, *, now: datetime) -> MailRequest | None:
        found = [
            request
            for (purpose, of, _), request in sorted(self.stored.items())
            if (purpose, of) == (Purpose.REGISTRATION, address)
            and request.used is None
            and not request.is_over(now)
        ]
        return found[-1] if found else None

    def claim(self, request: MailRequest, counters: Sequence[Counter], *, now: datetime) -> bool:
        if request.mail_id in self.claimed:
            return True
        if any(self.times[each] >= each.limit.times for each in counters):
            return False
        self.claimed.add(request.mail_id)
        self.times.update(counters)
        return True

    def mark_mailed(self, request: MailRequest, *, now: datetime) -> None:
        self.stored[_key(request)] = replace(self.stored[_key(request)], mailed=now)

    def use(self, request: MailRequest, *, now: datetime) -> bool:
        stored = self.stored.get(_key(request))
        if stored is None or stored.used is not None or stored.digest != request.digest:
            return False
        self.stored[_key(request)] = replace(stored, used=now, applicant=None)
        return True


def _key(request: MailRequest) -> tuple[str, str, str]:
    return request.purpose, request.address, request.mail_id


class FakeSecrets:
    """Secrets that are no secrets."""

    def of(self, purpose: str, mail_id: str) -> bytes:
        return f"{purpose} {mail_id}".encode().ljust(32)[-32:]


@dataclass
class FakeMailer:
    """Keeps what it is given."""

    mails: list[Mail] = field(default_factory=list)

    def send(self, mail: Mail) -> bool:
        self.mails.append(mail)
        return True


@dataclass
class FakeSessions:
    """Families in a dictionary."""

    families: dict[tuple[str, str], TokenFamily] = field(default_factory=dict)
    attempts: FakeAttempts = field(default_factory=FakeAttempts)
    events: list[Event] = field(default_factory=list)
    rotations: int = 0

    def open(
        self,
        family: TokenFamily,
        created: Event,
        *,
        counters: Sequence[Counter],
        instead_of: Sequence[tuple[TokenFamily, Event]] = (),
    ) -> None:
        key = family.user_id, family.session_id
        if key in self.families:
            return
        self.families[key] = family
        self.events.append(created)
        for old, ended in instead_of:
            self.revoke(old, ended, now=family.created)
        self.attempts.failures.subtract(counters)

    def get(self, user_id: str, session_id: str) -> TokenFamily | None:
        return self.families.get((user_id, session_id))

    def of(self, user_id: str) -> list[TokenFamily]:
        return [family for (owner, _), family in self.families.items() if owner == user_id]

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
    ) -> TokenFamily | None:
        family = self.families.get((user_id, session_id))
        if family is None or family.client_id != client_id:
            return None
        state = family.token_state(presented, client=client, now=now)
        if state is not TokenState.CURRENT:
            return None
        self.rotations += 1
        rotated = replace(
            family, current=successor, previous=presented, salt=salt, client=client, rotated=now
        )
        self.families[user_id, session_id] = rotated
        return rotated

    def revoke(self, family: TokenFamily, ended: Event, *, now: datetime) -> None:
        key = family.user_id, family.session_id
        stored = self.families.get(key)
        if stored is not None and stored.revoked is None:
            gone = datetime.fromtimestamp(int((now + KEPT).timestamp()), UTC)
            self.families[key] = replace(stored, revoked=now, ends=gone)
            self.events.append(ended)


@dataclass
class FakeOAuthClients:
    """Clients in a dictionary."""

    clients: dict[str, OAuthClient] = field(default_factory=dict)

    def add(self, client: OAuthClient) -> bool:
        return self.clients.setdefault(client.client_id, client) is client

    def get(self, client_id: str) -> OAuthClient | None:
        return self.clients.get(client_id)

    def change(self, before: OAuthClient, after: OAuthClient) -> bool:
        if self.clients.get(before.client_id) != before:
            return False
        self.clients[before.client_id] = after
        return True

    def all(self) -> list[OAuthClient]:
        return sorted(self.clients.values(), key=lambda each: (each.created, each.client_id))


@dataclass
class FakeClientAssertions:
    """Those that were used, by client and id."""

    used: set[tuple[str, str]] = field(default_factory=set)

    def use(self, assertion: ClientAssertion) -> bool:
        key = assertion.client_id, assertion.jti
        new = key not in self.used
        self.used.add(key)
        return new


@dataclass
class FakeAuthorizationCodes:
    """Codes in a dictionary, which begin sessions."""

    codes: dict[str, AuthorizationCode] = field(default_factory=dict)
    sessions: FakeSessions = field(default_factory=FakeSessions)

    def issue(self, code: AuthorizationCode) -> None:
        self.codes.setdefault(code.digest, code)

    def get(self, digest: str) -> AuthorizationCode | None:
        return self.codes.get(digest)

    def redeem(
        self,
        code: AuthorizationCode,
        family: TokenFamily,
        created: Event,
        *,
        instead_of: Sequence[tuple[TokenFamily, Event]] = (),
    ) -> bool:
        stored = self.codes.get(code.digest)
        if stored is None or stored.is_used:
            return False
        self.codes[code.digest] = replace(stored, session_id=family.session_id)
        self.sessions.open(family, created, counters=(), instead_of=instead_of)
        return True
