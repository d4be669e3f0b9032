"""Use cases of identity: register, create staff, sign in, refresh.

No answer tells whether an address is known: known and unknown addresses get the same bytes for the
same work. Problems are values; an exception is a fault.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from identity import domain, events, problems
from identity.domain import Family, Role, Standing, Status, User, Window
from identity.tokens import AccessToken
from shop import ids, telemetry
from shop.events import Event, EventData, event
from shop.problems import Problem
from shop.trace import Trace


class Accounts(Protocol):
    """Users, found by id or by the MAC of their address."""

    def create(self, user: User, address: str, registered: Event) -> bool: ...
    def user_id_of(self, address: str) -> str | None: ...
    def get(self, user_id: str) -> User | None: ...
    def rehash(self, user: User, password_hash: str) -> None: ...


class Sessions(Protocol):
    """Refresh-token families, and the count of attempts to open one."""

    def count_attempt(self, address: str, window: Window) -> bool: ...
    def open(self, family: Family, created: Event, *, address: str, window: Window) -> None: ...
    def get(self, family_id: str) -> Family | None: ...
    def rotate(
        self, family_id: str, *, presented: str, successor: str, salt: str, now: datetime
    ) -> Family | None: ...
    def revoke(self, family: Family, detected: Event, *, now: datetime) -> None: ...


class AddressMac(Protocol):
    """A keyed hash of addresses."""

    def of(self, address: str) -> str: ...


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


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants an account."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    locale: str | None = None
    marketing: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to sign in."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    device: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token and the refresh token for the next one."""

    access: AccessToken = field(repr=False)
    refresh_token: str = field(repr=False)
    refresh_expires_in: int
    session_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Registrar:
    """What making an account needs."""

    accounts: Accounts
    mac: AddressMac
    passwords: PasswordHash
    region: str


@dataclass(frozen=True, slots=True)
class Doorman:
    """What signing in needs."""

    accounts: Accounts
    sessions: Sessions
    mac: AddressMac
    passwords: Passwords
    tokens: Tokens
    region: str


@dataclass(frozen=True, slots=True)
class Renewal:
    """What refreshing needs."""

    accounts: Accounts
    sessions: Sessions
    tokens: Tokens


INVALID_CREDENTIALS = Problem(
    problems.INVALID_CREDENTIALS, "There is no user with this e-mail and password."
)
INVALID_REFRESH_TOKEN = Problem(
    problems.INVALID_REFRESH_TOKEN, "Sign in again: this session is over."
)


def register(applicant: Applicant, by: Registrar, *, now: datetime, trace: Trace) -> str:
    """Make a customer and return the user's id, which is the same if the address was taken."""
    return _create(applicant, by, Role.CUSTOMER, Status.PENDING_VERIFICATION, now=now, trace=trace)


def create_staff(
    applicant: Applicant, by: Registrar, *, role: Role, now: datetime, trace: Trace
) -> str:
    """Make a user of any role: for tools, on no route. An address that is taken stays as it is."""
    return _create(applicant, by, role, Status.ACTIVE, now=now, trace=trace)


def _create(
    applicant: Applicant, by: Registrar, role: Role, status: Status, *, now: datetime, trace: Trace
) -> str:
    address = by.mac.of(domain.normalise_email(applicant.email))
    user = User(
        user_id=domain.user_id_of(address, region=by.region),
        role=role,
        status=status,
        email=applicant.email,
        password_hash=by.passwords.hash(applicant.password),  # For a taken address as well.
        created=now,
        marketing=applicant.marketing,
        name=applicant.name,
        locale=applicant.locale,
    )
    registered = _event(
        events.UserRegistered(user_id=user.user_id), user.user_id, 1, now=now, trace=trace
    )
    by.accounts.create(user, address, registered)
    return user.user_id


def sign_in(
    credentials: Credentials, by: Doorman, *, now: datetime, trace: Trace
) -> Pair | Problem:
    """Open a session. Every attempt is counted before it is checked, a good one is taken back.

    So attempts that run at the same time cannot get more guesses than one after the other.
    """
    address = by.mac.of(domain.normalise_email(credentials.email))
    window = domain.window_of(now)
    if not by.sessions.count_attempt(address, window):
        telemetry.count("SignInLimited")
        return Problem(
            problems.RATE_LIMITED,
            "Too many sign-ins failed for this address.",
            headers={"Retry-After": str(window.seconds_left(now))},
        )
    user_id = by.accounts.user_id_of(address) or domain.user_id_of(address, region=by.region)
    user = by.accounts.get(user_id)
    fits = by.passwords.verify(user.password_hash if user else None, credentials.password)
    if user is None or not fits:
        telemetry.count("SignInRefused")
        return INVALID_CREDENTIALS
    if by.passwords.is_outdated(user.password_hash):
        by.accounts.rehash(user, by.passwords.hash(credentials.password))
    return _open_session(user, credentials, by, address, window, now=now, trace=trace)


def _open_session(
    user: User,
    credentials: Credentials,
    by: Doorman,
    address: str,
    window: Window,
    *,
    now: datetime,
    trace: Trace,
) -> Pair:
    family_id = ids.mint("fam", region=by.region, now=now)
    token = domain.refresh_token(family_id, secrets.token_urlsafe(32))
    family = domain.begin(
        user.user_id, token, family_id=family_id, device=credentials.device, now=now
    )
    # Signed before the session is stored: if KMS fails there is no session that nobody can use.
    pair = _pair(user, family, token, by.tokens, now=now)
    created = events.SessionCreated(user_id=user.user_id, session_id=family.session_id)
    by.sessions.open(
        family,
        _event(created, family.session_id, 1, now=now, trace=trace),
        address=address,
        window=window,
    )
    return pair


def refresh(token: str, by: Renewal, *, now: datetime, trace: Trace) -> Pair | Problem:
    """Replace a refresh token; end the session if it was replaced before (RFC 9700, 4.14.2).

    One conditional write decides, so of two requests with one token only one rotates. The other,
    like a client whose answer was lost, gets the same successor for GRACE; it is never forked.
    """
    family_id = domain.family_of(token)
    if family_id is None:
        return INVALID_REFRESH_TOKEN
    presented, salt = domain.digest(token), secrets.token_hex(32)
    family = by.sessions.rotate(
        family_id,
        presented=presented,
        successor=domain.digest(domain.successor(token, salt)),
        salt=salt,
        now=now,
    ) or by.sessions.get(family_id)
    if family is None:
        return INVALID_REFRESH_TOKEN
    if family.standing(presented, now=now) is not Standing.REPLACED:
        return _refuse(family, presented, by.sessions, now=now, trace=trace)
    user = by.accounts.get(family.user_id)  # Read each time: a new role counts from here on.
    if user is None or family.salt is None:
        return INVALID_REFRESH_TOKEN
    return _pair(user, family, domain.successor(token, family.salt), by.tokens, now=now)


def _refuse(
    family: Family, presented: str, sessions: Sessions, *, now: datetime, trace: Trace
) -> Problem:
    if family.standing(presented, now=now) is Standing.REPLAYED:
        detected = events.RefreshReuseDetected(user_id=family.user_id, session_id=family.session_id)
        sessions.revoke(
            family, _event(detected, family.session_id, 2, now=now, trace=trace), now=now
        )
        telemetry.count("RefreshReuseDetected")
    return INVALID_REFRESH_TOKEN


def _pair(user: User, family: Family, token: str, tokens: Tokens, *, now: datetime) -> Pair:
    access = tokens.issue(user.user_id, user.role, session_id=family.session_id, now=now)
    return Pair(access, token, family.expires_in(now), family.session_id, user.user_id)


def _event(data: EventData, subject: str, sequence: int, *, now: datetime, trace: Trace) -> Event:
    return event(
        data, producer="identity", subject=subject, sequence=sequence, now=now, trace=trace
    )
