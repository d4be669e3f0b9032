"""Make a user of any role, whose address nobody has to prove: for tools, on no route."""

from dataclasses import dataclass
from datetime import datetime

from identity import events
from identity.domain import email_address
from identity.domain.mailed_token import Applicant
from identity.domain.profile import UserProfile
from identity.domain.user import Role, Status, User
from identity.events import event_of
from identity.service.ports import Accounts, EmailHasher, PasswordHash, PersonalData
from identity.service.seal_details import seal_profile
from shop import ids
from shop.trace import Trace
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class AccountPorts:
    """What making and changing accounts needs."""

    accounts: Accounts
    mac: EmailHasher
    passwords: PasswordHash
    personal: PersonalData
    region: str


def create_staff(
    applicant: Applicant,
    password: str,
    by: AccountPorts,
    *,
    role: Role,
    operator: str,
    now: datetime,
    trace: Trace,
) -> tuple[User, bool]:
    """The user, and whether it is new: an address that is taken stays as it is."""
    email = email_address.canonical(applicant.email)
    if email is None:
        raise ValueError("an account needs an e-mail address that mail can reach")
    address = by.mac.of(email)
    taken_by = by.accounts.user_id_of(address)
    stored = by.accounts.get(taken_by) if taken_by else None
    if stored is not None:
        return stored, False
    user_id = ids.generate("usr", region=by.region, now=now)
    person = by.personal.to_seal(user_id)
    if isinstance(person, Erased):
        raise LookupError("a new user cannot have been erased")
    profile = UserProfile(email, applicant.name, applicant.locale, changed_by=operator)
    made = User(
        user_id=user_id,
        role=role,
        status=Status.ACTIVE,
        address=address,
        personal=seal_profile(profile, user_id, person),
        password_hash=by.passwords.hash(password),
        created=now,
        marketing=applicant.marketing,
    )
    data = events.UserRegistered(user_id=made.user_id)
    registered = event_of(data, made.user_id, 1, now=now, trace=trace)
    if by.accounts.create(made, registered):
        return made, True
    stored = by.accounts.get(by.accounts.user_id_of(address) or made.user_id)
    return stored or made, False
