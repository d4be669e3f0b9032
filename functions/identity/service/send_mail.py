"""Send what was asked for, to whom it belongs: or nothing, if it is nobody's or was enough."""

from dataclasses import dataclass
from datetime import datetime

from identity.domain import mail, mail_limits, mailed_token, one_time_code
from identity.domain.mail import Mail
from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.user import User
from identity.service.ports import (
    Accounts,
    MailedSecrets,
    Mailer,
    MailRequests,
    PersonalData,
)
from identity.service.seal_applicant import open_applicant
from identity.service.seal_details import open_profile
from shop import telemetry
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class MailPorts:
    """What sending needs; `account_url` is where its links lead."""

    requests: MailRequests
    accounts: Accounts
    secrets: MailedSecrets
    mailer: Mailer
    personal: PersonalData
    account_url: str


def send_mail(purpose: Purpose, address: str, mail_id: str, by: MailPorts, *, now: datetime) -> str:
    """What became of the request, as a word. A repeat sends the same link, or nothing.

    The mail is counted once, before it is sent, and remembered after: if this ends in between, it
    is sent twice rather than never.
    """
    request = by.requests.get(purpose, address, mail_id)
    if request is None or request.is_over(now):
        return "over"
    if request.mailed is not None:
        return "already"
    found = _mail(request, by, now=now)
    if found is None:
        return "nobody"
    if not by.requests.claim(request, mail_limits.mail_counters(purpose, address, now), now=now):
        telemetry.emit_metric("MailLimited")
        return "limited"
    if not by.mailer.send(found):
        telemetry.emit_metric("MailUndeliverable")
        return "undeliverable"
    by.requests.mark_mailed(request, now=now)
    return "sent"


_NOTICES = {
    Purpose.FACTOR_ADDED: mail.factor_added,
    Purpose.FACTOR_REMOVED: mail.factor_removed,
    Purpose.FACTORS_RESET: mail.factors_reset,
    Purpose.RECOVERY_CODE_USED: mail.recovery_code_used,
}
_TO_USERS = {Purpose.RESET, Purpose.CODE, *_NOTICES}


def _mail(request: MailRequest, by: MailPorts, *, now: datetime) -> Mail | None:
    user_id = by.accounts.user_id_of(request.address)
    user = by.accounts.get(user_id) if user_id else None
    if request.purpose in _TO_USERS:
        email = _email(user, by)
        return _to_user(request, email, by) if email else None
    if user is not None:
        email = _email(user, by)
        return mail.address_is_taken(email, account_url=by.account_url) if email else None
    wanted: MailRequest | None = request
    if request.purpose is Purpose.RESEND:
        wanted = by.requests.open_registration(request.address, now=now)
    applicant = open_applicant(wanted, by.secrets) if wanted else None
    if wanted is None or applicant is None:
        return None
    token = _token(wanted, by)
    return mail.prove_address(applicant.email, token, account_url=by.account_url)


def _to_user(request: MailRequest, email: str, by: MailPorts) -> Mail:
    """What nobody gets but whose account it is."""
    if request.purpose is Purpose.RESET:
        return mail.set_password(email, _token(request, by), account_url=by.account_url)
    if request.purpose is Purpose.CODE:
        code = one_time_code.mailed(by.secrets.of(request.purpose, request.mail_id))
        return mail.one_time_code(email, code, account_url=by.account_url)
    return _NOTICES[request.purpose](email, account_url=by.account_url)


def _email(user: User | None, by: MailPorts) -> str | None:
    """Where a user is reached; closed accounts get no mail."""
    if user is None or not user.is_active:
        return None
    profile = open_profile(user, by.personal)
    return None if isinstance(profile, Erased) else profile.email


def _token(request: MailRequest, by: MailPorts) -> str:
    secret = by.secrets.of(request.purpose, request.mail_id)
    return mailed_token.token_text(request.mail_id, request.address, secret)
