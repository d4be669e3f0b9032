"""Make a user. Whether the address was known before is told to nobody."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from identity import events
from identity.domain import email_address
from identity.domain.user import Role, Status, User, user_id_of
from identity.events import event_of
from identity.service.ports import Accounts, EmailHasher, PasswordHash
from shop.trace import Trace


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wants an account."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    locale: str | None = None
    marketing: bool = False


@dataclass(frozen=True, slots=True)
class RegistrationPorts:
    """What making an account needs."""

    accounts: Accounts
    mac: EmailHasher
    passwords: PasswordHash
    region: str


def register(applicant: Applicant, by: RegistrationPorts, *, now: datetime, trace: Trace) -> str:
    """Make a customer and return the user's id, which is the same if the address was taken."""
    user, address = _user(applicant, by, Role.CUSTOMER, Status.PENDING_VERIFICATION, now=now)
    _store(user, address, by, now=now, trace=trace)
    return user.user_id


def create_staff(
    applicant: Applicant,
    by: RegistrationPorts,
    *,
    role: Role,
    operator: str,
    now: datetime,
    trace: Trace,
) -> tuple[User, bool]:
    """Make a user of any role: for tools, on no route. The user, and whether it is new: an address
    that is taken stays as it is.
    """
    user, address = _user(applicant, by, role, Status.ACTIVE, now=now)
    made = replace(user, changed_by=operator)
    if _store(made, address, by, now=now, trace=trace):
        return made, True
    stored = by.accounts.get(by.accounts.user_id_of(address) or made.user_id)
    return stored or made, False


def _user(
    applicant: Applicant, by: RegistrationPorts, role: Role, status: Status, *, now: datetime
) -> tuple[User, str]:
    """The user, and the hash that its address is found by."""
    email = email_address.canonical(applicant.email)
    if email is None:
        raise ValueError("an account needs an e-mail address that mail can reach")
    address = by.mac.of(email)
    user = User(
        user_id=user_id_of(address, region=by.region),
        role=role,
        status=status,
        email=email,
        password_hash=by.passwords.hash(applicant.password),  # For a taken address as well.
        created=now,
        marketing=applicant.marketing,
        name=applicant.name,
        locale=applicant.locale,
    )
    return user, address


def _store(user: User, address: str, by: RegistrationPorts, *, now: datetime, trace: Trace) -> bool:
    data = events.UserRegistered(user_id=user.user_id)
    registered = event_of(data, user.user_id, 1, now=now, trace=trace)
    return by.accounts.create(user, address, registered)
