"""What several entry points of identity are composed of."""

from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.repository.mail_requests import MailRequestRepository
from identity.service.request_mail import MailRequestPorts
from identity.settings import EmailSettings


def mail_request_ports() -> MailRequestPorts:
    """Of the routes that ask for a mail."""
    settings = EmailSettings.load()
    key = settings.email_mac_key_arn
    return MailRequestPorts(
        requests=MailRequestRepository(),
        mac=EmailHasher(key),
        networks=NetworkHasher(key),
        secrets=MailedSecrets(key),
        region=settings.home_region,
    )
