"""Ask for a mail: the one that proves an address, that again, or the one that sets a password.

Whoever asks does the same work and hears the same, whatever the address is: nobody's account is
looked at. What is sent, and whether, is decided by `send_mail`, which reads the event.
"""

from dataclasses import dataclass
from datetime import datetime

from identity import events, problems
from identity.domain import email_address, mail_limits, mailed_token, rate_limit
from identity.domain.mailed_token import MailRequest, Purpose
from identity.domain.rate_limit import Counter
from identity.domain.user import User
from identity.events import event_of
from identity.service.ports import EmailHasher, MailedSecrets, MailRequests, NetworkHasher
from shop import ids, rate_limits, telemetry
from shop.events import Event
from shop.problems import Problem
from shop.trace import Trace


@dataclass(frozen=True, slots=True)
class MailRequestPorts:
    """What asking for a mail needs."""

    requests: MailRequests
    mac: EmailHasher
    networks: NetworkHasher
    secrets: MailedSecrets
    region: str


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
    request = new_request(purpose, address, by, now=now)
    return ask(request, by, source_ip=source_ip, trace=trace)


def new_request(
    purpose: Purpose,
    address: str,
    by: MailRequestPorts,
    *,
    user_id: str | None = None,
    now: datetime,
) -> MailRequest:
    """One that nobody has made before, with the digest of the token that its mail will have."""
    mail_id = ids.generate("mai", region=by.region, now=now)
    token = mailed_token.token_text(mail_id, address, by.secrets.of(purpose, mail_id))
    return MailRequest(
        mail_id=mail_id,
        purpose=purpose,
        address=address,
        created=now,
        digest=mailed_token.digest(token) if purpose is not Purpose.RESEND else None,
        user_id=user_id,
    )


def notice(
    purpose: Purpose, user: User, *, now: datetime, trace: Trace
) -> tuple[MailRequest, Event]:
    """What tells a user of what they, or somebody in their name, did: stored with that."""
    region = ids.region_of(user.user_id)
    mail_id = ids.generate("mai", region=region, now=now)
    request = MailRequest(mail_id=mail_id, purpose=purpose, address=user.address, created=now)
    return request, _requested(request, trace=trace)


def mailed_code(
    user: User, networks: NetworkHasher, *, source_ip: str, now: datetime, trace: Trace
) -> tuple[MailRequest, Event, Counter]:
    """What brings a one-time code, to be stored with what it answers and counted by its network."""
    request, requested = notice(Purpose.CODE, user, now=now, trace=trace)
    network = networks.of("mail requests", rate_limit.network_of(source_ip))
    return request, requested, mail_limits.request_counter(network, now)


def too_many(counter: Counter, *, now: datetime) -> Problem:
    """Why no mail is sent."""
    telemetry.emit_metric("MailRequestLimited")
    return Problem(
        problems.RATE_LIMITED,
        "Too many mails were asked for from this network.",
        headers=rate_limits.exhausted({counter.limit.name: counter.seconds_left(now)}),
    )


def ask(
    request: MailRequest, by: MailRequestPorts, *, source_ip: str, trace: Trace
) -> Problem | None:
    """Store it with its event, unless its network has asked for too many."""
    now = request.created
    network = by.networks.of("mail requests", rate_limit.network_of(source_ip))
    counter = mail_limits.request_counter(network, now)
    requested = _requested(request, trace=trace)
    if by.requests.ask(request, requested, counter):
        return None
    return too_many(counter, now=now)


def _requested(request: MailRequest, *, trace: Trace) -> Event:
    data = events.MailRequested(
        mail_id=request.mail_id, purpose=request.purpose.value, address_hash=request.address
    )
    return event_of(data, request.mail_id, 1, now=request.created, trace=trace)
