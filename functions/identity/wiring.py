"""What several entry points of identity are composed of. What few of them need is imported late:
each import counts in every cold start."""

from datetime import timedelta
from typing import TYPE_CHECKING

from identity.clients.key_ring import KeyRing
from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.token_keys import TokenKeyRepository
from identity.service.ports import PersonalData
from identity.service.request_mail import MailRequestPorts
from identity.settings import (
    EmailSettings,
    GraceSettings,
    KeySettings,
    PersonalSettings,
    StepSettings,
)
from shop.user_keys import UserKeys

if TYPE_CHECKING:
    from identity.service.erase_user import Eraser
    from identity.service.request_erasure import ErasurePorts


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


def erasure_ports(settings: GraceSettings) -> "ErasurePorts":
    """Of the routes by which a user asks to be erased, and takes it back."""
    from identity.repository.erasures import ErasureRepository
    from identity.repository.users import AccountRepository
    from identity.service.request_erasure import ErasurePorts

    return ErasurePorts(
        accounts=AccountRepository(),
        erasures=ErasureRepository(),
        grace=timedelta(seconds=settings.erasure_grace_s),
        region=settings.home_region,
    )


def eraser() -> "Eraser":
    """Of the steps of the erasure machine, for one task."""
    from identity.clients.ses import SesMailer
    from identity.repository.erasures import ErasureRepository
    from identity.repository.users import AccountRepository
    from identity.service.erase_user import Eraser
    from shop import user_keys

    settings = StepSettings.load()
    return Eraser(
        accounts=AccountRepository(),
        erasures=ErasureRepository(),
        personal=personal_data(settings),
        keys=user_keys,
        mailer=SesMailer(settings.mail_from),
        signer=key_ring(settings),
        issuer=settings.token_issuer,
        account_url=settings.account_url,
    )
