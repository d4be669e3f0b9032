"""What several entry points of identity are composed of."""

from identity.clients.key_ring import KeyRing
from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.token_keys import TokenKeyRepository
from identity.service.ports import PersonalData
from identity.service.request_mail import MailRequestPorts
from identity.settings import EmailSettings, KeySettings, PersonalSettings
from shop.user_keys import UserKeys


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


def personal_data(settings: PersonalSettings) -> PersonalData:
    """Of those that seal or open. It loads the Encryption SDK, which nothing else here needs: who
    calls it at cold start does so every time."""
    from shop import personal_data

    return personal_data.PersonalData("identity", UserKeys(settings.wrapping_key_arn))


def key_ring(settings: KeySettings) -> KeyRing:
    """The keys that sign and are trusted; one for the whole process."""
    return KeyRing(settings.token_key_arn, TokenKeyRepository(settings.table_identity))
