"""Make a user. Whether the address was known before is told to nobody."""

from dataclasses import dataclass, field
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
    return _create(applicant, by, Role.CUSTOMER, Status.PENDING_VERIFICATION, now=now, trace=trace)


def create_staff(
    applicant: Applicant, by: RegistrationPorts, *, role: Role, now: datetime, trace: Trace
) -> str:
    """Make a user of any role: for tools, on no route. An address that is taken stays as it is."""
    return _create(applicant, by, role, Status.ACTIVE, now=now, trace=trace)


def _create(
    applicant: Applicant,
    by: RegistrationPorts,
    role: Role,
    status: Status,
    *,
    now: datetime,
    trace: Trace,
) -> str:
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
    registered = event_of(
        events.UserRegistered(user_id=user.user_id), user.user_id, 1, now=now, trace=trace
    )
    by.accounts.create(user, address, registered)
    return user.user_id
