"""What several entry points of identity are composed of."""

from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.repository.mail_requests import MailRequestRepository
from identity.service.request_mail import AskingPorts
from identity.settings import EmailSettings


def asking() -> AskingPorts:
    """To ask for a mail."""
    settings = EmailSettings.load()
    key = settings.email_mac_key_arn
    return AskingPorts(
        requests=MailRequestRepository(),
        mac=EmailHasher(key),
        networks=NetworkHasher(key),
        secrets=MailedSecrets(key),
        region=settings.home_region,
    )
