"""Make an account for who has read the mail that was sent to its address."""

from dataclasses import dataclass
from datetime import datetime

from identity import events, problems
from identity.domain import mailed_token
from identity.domain.mailed_token import Applicant, MailRequest, Purpose
from identity.domain.profile import UserProfile
from identity.domain.user import Role, Status, User
from identity.events import event_of
from identity.service.check_password import guessable
from identity.service.ports import (
    Accounts,
    MailedSecrets,
    MailRequests,
    PasswordHash,
    PersonalData,
)
from identity.service.register_user import PASSWORDS
from identity.service.seal_applicant import open_applicant
from identity.service.seal_details import seal_profile
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class ProofPorts:
    """What a mailed token is taken by."""

    requests: MailRequests
    accounts: Accounts
    secrets: MailedSecrets
    passwords: PasswordHash
    personal: PersonalData


VOID = Problem(
    problems.MAILED_TOKEN_VOID,
    "It was used, is too old, is for something else, or was none. Ask for another one.",
)


def verify_address(
    token: str, password: str, by: ProofPorts, *, now: datetime, trace: Trace
) -> str | Problem:
    """The id of the user. Who repeats it hears the same again, and nothing changes: not even the
    password, if it is another one now. What else was said of the user counts if it was said with
    this password.

    Of several registrations of one address the first that is proved makes the account.
    """
    request = _request(token, by, now=now)
    if request is None or request.user_id is None:
        return VOID
    if request.used is not None:
        return request.user_id
    said = open_applicant(request, by.secrets)
    if said is None:
        return VOID
    mac = mailed_token.password_mac(by.secrets.of(PASSWORDS, request.mail_id), password)
    applicant = mailed_token.as_known(said, mac)
    refused = guessable(password, applicant.email, applicant.name)
    if refused is not None:
        return refused
    user = _user(applicant, request.user_id, request.address, password, by, now=now)
    if user is not None:
        data = events.UserRegistered(user_id=user.user_id)
        registered = event_of(data, user.user_id, 1, now=now, trace=trace)
        if by.accounts.create(user, registered, proof=request):
            return user.user_id
    # Somebody was faster: with this token, or with that of another registration.
    again = _request(token, by, now=now)
    return request.user_id if again is not None and again.used is not None else VOID


def _user(
    applicant: Applicant,
    user_id: str,
    address: str,
    password: str,
    by: ProofPorts,
    *,
    now: datetime,
) -> User | None:
    """None for one who was made by this token meanwhile, and erased since."""
    person = by.personal.to_seal(user_id)
    if isinstance(person, Erased):
        return None
    profile = UserProfile(applicant.email, applicant.name, applicant.locale)
    return User(
        user_id=user_id,
        role=Role.CUSTOMER,
        status=Status.ACTIVE,
        address=address,
        personal=seal_profile(profile, user_id, person),
        password_hash=by.passwords.hash(password),
        created=now,
        marketing=applicant.marketing,
    )


def _request(token: str, by: ProofPorts, *, now: datetime) -> MailRequest | None:
    """The registration that this is the token of."""
    name = mailed_token.name_of(token)
    if name is None:
        return None
    found = by.requests.get(Purpose.REGISTRATION, name.address, name.mail_id)
    return found if found is not None and found.fits(token, now=now) else None
