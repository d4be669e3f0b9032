"""What several entry points of identity are composed of. What few of them need is imported late:
each import counts in every cold start."""

from datetime import timedelta
from typing import TYPE_CHECKING

from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.repository.mail_requests import MailRequestRepository
from identity.service.ports import PersonalData
from identity.service.request_mail import MailRequestPorts
from identity.settings import EmailSettings, GraceSettings, PersonalSettings, StepSettings
from shop.user_keys import UserKeys

if TYPE_CHECKING:
    from identity.service.erase_user import Eraser
    from identity.service.export_user import Exporter
    from identity.service.prove_again import ProofPorts
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
    from identity.clients.kms import KmsSigner
    from identity.clients.ses import SesMailer
    from identity.repository.erasures import ErasureRepository
    from identity.repository.exports import ExportRepository
    from identity.repository.users import AccountRepository
    from identity.service.erase_user import Eraser
    from shop import user_keys
    from shop.export import BUCKET
    from shop.objects import Objects

    settings = StepSettings.load()
    return Eraser(
        accounts=AccountRepository(),
        erasures=ErasureRepository(),
        personal=personal_data(settings),
        keys=user_keys,
        mailer=SesMailer(settings.mail_from),
        signer=KmsSigner(settings.token_key_arn),
        issuer=settings.token_issuer,
        account_url=settings.account_url,
        exports=ExportRepository(),
        archives=Objects(BUCKET),
    )


def exporter() -> "Exporter":
    """Of the steps of the export machine, for one task."""
    from identity.repository.exports import ExportRepository
    from identity.repository.sessions import SessionRepository
    from identity.repository.users import AccountRepository
    from identity.service.export_user import Exporter
    from shop.export import BUCKET
    from shop.objects import Objects

    return Exporter(
        accounts=AccountRepository(),
        sessions=SessionRepository(),
        exports=ExportRepository(),
        personal=personal_data(PersonalSettings.load()),
        archives=Objects(BUCKET),
    )


def proof_ports(settings: EmailSettings) -> "ProofPorts":
    """Of the routes that ask again who somebody is."""
    from identity.clients.argon2_passwords import Argon2Passwords
    from identity.repository.counters import AttemptRepository
    from identity.repository.sessions import SessionRepository
    from identity.service.prove_again import ProofPorts

    return ProofPorts(
        attempts=AttemptRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
        sessions=SessionRepository(),
    )
