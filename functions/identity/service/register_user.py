"""Ask for an account. Nobody's account is looked at: the mail decides."""

from dataclasses import replace
from datetime import datetime

from identity.domain import mailed_token
from identity.domain.mailed_token import Applicant, MailRequest, Purpose
from identity.service.request_mail import MailRequestPorts, ask, new_request
from identity.service.seal_applicant import seal_applicant
from shop import ids
from shop.problems import Problem
from shop.trace import Trace

PASSWORDS = "password"  # what the secret of a mail is for, beside its token


def register(
    applicant: Applicant,
    password: str,
    by: MailRequestPorts,
    *,
    source_ip: str,
    now: datetime,
    trace: Trace,
) -> str | Problem:
    """The id of the user that the applicant will be, once the address is proved.

    It says nothing of the address: it is another one each time. Of the password only so much is
    kept that who types it again is known.
    """
    user_id = ids.generate("usr", region=by.region, now=now)
    address = by.mac.of(applicant.email)
    request = new_request(Purpose.REGISTRATION, address, by, user_id=user_id, now=now)
    refused = ask(_of(request, applicant, password, by), by, source_ip=source_ip, trace=trace)
    return refused or user_id


def _of(
    request: MailRequest, applicant: Applicant, password: str, by: MailRequestPorts
) -> MailRequest:
    """With what the applicant said."""
    mac = mailed_token.password_mac(by.secrets.of(PASSWORDS, request.mail_id), password)
    known = replace(applicant, password_mac=mac)
    return replace(request, applicant=seal_applicant(known, request, by.secrets))
