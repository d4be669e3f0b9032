"""What several entry points of identity are composed of."""

from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.repository.factors import FactorRepository
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.enrol_factor import EnrolmentPorts
from identity.service.ports import PersonalData
from identity.service.request_mail import MailRequestPorts
from identity.settings import AccountSettings, EmailSettings, PersonalSettings
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


def enrolment_ports() -> EnrolmentPorts:
    """Of the two routes that enrol a second factor."""
    settings = AccountSettings.load()
    key = settings.email_mac_key_arn
    return EnrolmentPorts(
        accounts=AccountRepository(),
        factors=FactorRepository(),
        sessions=SessionRepository(),
        personal=personal_data(settings),
        networks=NetworkHasher(key),
        mailed=MailedSecrets(key),
    )


def personal_data(settings: PersonalSettings) -> PersonalData:
    """Of those that seal or open. It loads the Encryption SDK, which nothing else here needs: who
    calls it at cold start does so every time."""
    from shop import personal_data

    return personal_data.PersonalData("identity", UserKeys(settings.wrapping_key_arn))
