"""Set a password anew, by a mailed token."""

from dataclasses import dataclass
from datetime import datetime

from identity import events
from identity.domain import mailed_token
from identity.domain import user as rules
from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.user import User
from identity.events import event_of
from identity.service.check_password import guessable
from identity.service.ports import Accounts, MailRequests, Passwords, PersonalData
from identity.service.seal_details import open_profile
from identity.service.verify_address import VOID
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased

ATTEMPTS = 3  # somebody signs in meanwhile, and the password is hashed anew


@dataclass(frozen=True, slots=True)
class ResetPorts:
    """What setting a password anew needs."""

    requests: MailRequests
    accounts: Accounts
    passwords: Passwords
    personal: PersonalData


def reset_password(
    token: str, password: str, by: ResetPorts, *, now: datetime, trace: Trace
) -> Problem | None:
    """Change it and end all sessions, once. Who repeats it with the same password, as after a lost
    answer, hears that it is done; with another one, that the token is void.
    """
    for _ in range(ATTEMPTS):
        request, user = _found(token, by)
        if request is None or user is None or not request.fits(token, now=now):
            return VOID
        if request.used is not None:
            return None if by.passwords.verify(user.password_hash, password) else VOID
        refused = _refused(request, user, password, by.personal)
        if refused is not None:
            return refused
        after = rules.reset_password(user, by.passwords.hash(password), now=now)
        data = events.UserPasswordChanged(user_id=user.user_id)
        changed = event_of(data, user.user_id, after.sequence, now=now, trace=trace)
        if by.accounts.change_password(user, after, changed, proof=request):
            return None
    return VOID


def _found(token: str, by: ResetPorts) -> tuple[MailRequest | None, User | None]:
    """What the token names, and whose password it is for."""
    name = mailed_token.name_of(token)
    if name is None:
        return None, None
    user_id = by.accounts.user_id_of(name.address)
    request = by.requests.get(Purpose.RESET, name.address, name.mail_id)
    return request, by.accounts.get(user_id) if user_id else None


def _refused(
    request: MailRequest, user: User, password: str, personal: PersonalData
) -> Problem | None:
    """A token of before the sessions were ended last is void: the password was changed since, which
    is what it was for."""
    overtaken = user.sessions_from is not None and request.created <= user.sessions_from
    if not user.is_active or overtaken:
        return VOID
    profile = open_profile(user, personal)
    return VOID if isinstance(profile, Erased) else guessable(password, profile.email, profile.name)
