"""Send what was asked for, to whom it belongs: or nothing, if it is nobody's or was enough."""

from dataclasses import dataclass
from datetime import datetime

from identity.domain import mail, mail_limits, mailed_token
from identity.domain.mail import Mail
from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.user import User
from identity.service.ports import Accounts, MailedSecrets, Mailer, MailRequests
from shop import telemetry


@dataclass(frozen=True, slots=True)
class MailPorts:
    """What sending needs; `account_url` is where its links lead."""

    requests: MailRequests
    accounts: Accounts
    secrets: MailedSecrets
    mailer: Mailer
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


def _mail(request: MailRequest, by: MailPorts, *, now: datetime) -> Mail | None:
    user_id = by.accounts.user_id_of(request.address)
    user = by.accounts.get(user_id) if user_id else None
    if request.purpose is Purpose.RESET:
        if user is None or not user.is_active:
            return None
        return mail.set_password(user.email, _token(request, by), account_url=by.account_url)
    if user is not None:
        return _already(user, by)
    wanted: MailRequest | None = request
    if request.purpose is Purpose.RESEND:
        wanted = by.requests.open_registration(request.address, now=now)
    if wanted is None or wanted.applicant is None:
        return None
    token = _token(wanted, by)
    return mail.prove_address(wanted.applicant.email, token, account_url=by.account_url)


def _already(user: User, by: MailPorts) -> Mail | None:
    if not user.is_active:
        return None
    return mail.address_is_taken(user.email, account_url=by.account_url)


def _token(request: MailRequest, by: MailPorts) -> str:
    secret = by.secrets.of(request.purpose, request.mail_id)
    return mailed_token.token_text(request.mail_id, request.address, secret)
