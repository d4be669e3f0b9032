"""mail.requested: send the mail to whom it belongs, if to anybody."""

from identity.clients.kms import MailedSecrets
from identity.clients.ses import SesMailer
from identity.domain.mailed_token import Purpose
from identity.events import RequestedMail
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.users import AccountRepository
from identity.service.send_mail import MailPorts, send_mail
from identity.settings import MailSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.consumer import On, entrypoint
from shop.events import Envelope


@at_cold_start
def ports() -> MailPorts:
    """The composition root of this function."""
    settings = MailSettings.load()
    return MailPorts(
        requests=MailRequestRepository(),
        accounts=AccountRepository(),
        secrets=MailedSecrets(settings.email_mac_key_arn),
        mailer=SesMailer(settings.mail_from),
        personal=personal_data(settings),
        account_url=settings.account_url,
    )


def consume(event: Envelope[RequestedMail]) -> str:
    """Safe to repeat: at worst the same link comes twice."""
    wanted = event.data
    purpose = Purpose(wanted.purpose)
    return send_mail(purpose, wanted.address_hash, wanted.mail_id, ports(), now=clock.now())


handler = entrypoint("identity.on_mail_requested", On(RequestedMail, consume))
