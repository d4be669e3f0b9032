"""Ask for a mail: the one that proves an address, that again, or the one that sets a password.

Whoever asks does the same work and hears the same, whatever the address is: nobody's account is
looked at. What is sent, and whether, is decided by `send_mail`, which reads the event.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from identity import events, problems
from identity.domain import email_address, mail_limits, mailed_token, rate_limit
from identity.domain.mailed_token import Applicant, MailRequest, Purpose
from identity.events import event_of
from identity.service.ports import EmailHasher, MailedSecrets, MailRequests, NetworkHasher
from shop import ids, telemetry
from shop.problems import Problem
from shop.trace import Trace

PASSWORDS = "password"  # what secrets are for, beside the purposes of mails


@dataclass(frozen=True, slots=True)
class MailRequestPorts:
    """What asking for a mail needs."""

    requests: MailRequests
    mac: EmailHasher
    networks: NetworkHasher
    secrets: MailedSecrets
    region: str


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
    refused = _ask(
        Purpose.REGISTRATION,
        by.mac.of(applicant.email),
        by,
        applicant=applicant,
        password=password,
        user_id=user_id,
        source_ip=source_ip,
        now=now,
        trace=trace,
    )
    return refused or user_id


def request_mail(
    purpose: Purpose,
    email: str,
    by: MailRequestPorts,
    *,
    source_ip: str,
    now: datetime,
    trace: Trace,
) -> Problem | None:
    """Ask for a link once more, or for one that sets a password."""
    address = by.mac.of(email_address.lookup_form(email))
    return _ask(purpose, address, by, source_ip=source_ip, now=now, trace=trace)


def _ask(
    purpose: Purpose,
    address: str,
    by: MailRequestPorts,
    *,
    source_ip: str,
    now: datetime,
    trace: Trace,
    applicant: Applicant | None = None,
    password: str = "",
    user_id: str | None = None,
) -> Problem | None:
    mail_id = ids.generate("mai", region=by.region, now=now)
    token = mailed_token.token_text(mail_id, address, by.secrets.of(purpose, mail_id))
    if applicant is not None:
        mac = mailed_token.password_mac(by.secrets.of(PASSWORDS, mail_id), password)
        applicant = replace(applicant, password_mac=mac)
    request = MailRequest(
        mail_id=mail_id,
        purpose=purpose,
        address=address,
        created=now,
        digest=mailed_token.digest(token) if purpose is not Purpose.RESEND else None,
        applicant=applicant,
        user_id=user_id,
    )
    data = events.MailRequested(mail_id=mail_id, purpose=purpose.value, address_hash=address)
    network = by.networks.of("mail requests", rate_limit.network_of(source_ip))
    counter = mail_limits.request_counter(network, now)
    if by.requests.ask(request, event_of(data, mail_id, 1, now=now, trace=trace), counter):
        return None
    telemetry.emit_metric("MailRequestLimited")
    return Problem(
        problems.RATE_LIMITED,
        "Too many mails were asked for from this network.",
        headers={"Retry-After": str(counter.seconds_left(now))},
    )
