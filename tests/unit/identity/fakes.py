"""In-memory ports that count what is asked of them, and a signer with a key of its own."""

from collections import Counter as Counts
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from identity.clients.kms import PublicKey
from identity.domain.session import TokenFamily, TokenState
from identity.domain.sign_in_attempts import Counter
from identity.domain.user import User
from identity.service import issue_access_token
from identity.service.issue_access_token import TokenIssuer
from shop import trace
from shop.events import Event

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
            issue_access_token.base64url(numbers.x.to_bytes(32, "big")),
            issue_access_token.base64url(numbers.y.to_bytes(32, "big")),
        )

    @property
    def kid(self) -> str:
        return self.public.kid

    def sign(self, message: bytes) -> bytes:
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


SIGNER = LocalSigner()
ISSUES = TokenIssuer(ISSUER, AUDIENCE, SIGNER)


class FakeMac:
    """A MAC that people can read."""

    def of(self, address: str) -> str:
        return f"mac({address})"


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
    events: list[Event] = field(default_factory=list)
    calls: Counts[str] = field(default_factory=Counts)

    def create(self, user: User, address: str, registered: Event) -> bool:
        self.calls["create"] += 1
        if address in self.addresses or user.user_id in self.users:
            return False
        self.addresses[address] = user.user_id
        self.users[user.user_id] = user
        self.events.append(registered)
        return True

    def user_id_of(self, address: str) -> str | None:
        self.calls["user_id_of"] += 1
        return self.addresses.get(address)

    def get(self, user_id: str) -> User | None:
        self.calls["get"] += 1
        return self.users.get(user_id)

    def change(self, before: User, after: User, changed: Event, *, now: datetime) -> bool:
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


@dataclass
class FakeSessions:
    """Families and attempts in dictionaries."""

    families: dict[str, TokenFamily] = field(default_factory=dict)
    attempts: Counts[Counter] = field(default_factory=Counts)
    events: list[Event] = field(default_factory=list)
    rotations: int = 0

    def count_attempt(self, counters: Sequence[Counter]) -> Sequence[Counter]:
        full = [each for each in counters if self.attempts[each] >= each.limit.failures]
        if not full:
            self.attempts.update(counters)
        return full

    def open(self, family: TokenFamily, created: Event, *, counters: Sequence[Counter]) -> None:
        if family.family_id in self.families:
            return
        self.families[family.family_id] = family
        self.attempts.subtract(counters)
        self.events.append(created)

    def get(self, family_id: str) -> TokenFamily | None:
        return self.families.get(family_id)

    def rotate(
        self, family_id: str, *, presented: str, successor: str, salt: str, now: datetime
    ) -> TokenFamily | None:
        family = self.families.get(family_id)
        if family is None or family.token_state(presented, now=now) is not TokenState.CURRENT:
            return None
        self.rotations += 1
        self.families[family_id] = replace(
            family, current=successor, previous=presented, salt=salt, rotated=now
        )
        return self.families[family_id]

    def revoke(self, family: TokenFamily, detected: Event, *, now: datetime) -> None:
        stored = self.families.get(family.family_id)
        if stored is not None and stored.revoked is None:
            self.families[family.family_id] = replace(stored, revoked=now)
            self.events.append(detected)
