"""What several entry points of identity are composed of."""

from typing import TYPE_CHECKING

from identity.clients import kms
from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.domain.oauth_client import OAuthClient
from identity.repository.client_assertions import ClientAssertionRepository
from identity.repository.counters import AttemptRepository
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.oauth_clients import OAuthClientRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.schemas import ClientIn
from identity.service.authenticate_client import ClientPorts, authenticate, credentials_of
from identity.service.describe_provider import token_endpoint
from identity.service.ports import PersonalData
from identity.service.request_mail import MailRequestPorts
from identity.settings import EmailSettings, PersonalSettings, RefreshSettings
from shop import clock
from shop.http import Request
from shop.problems import Problem
from shop.user_keys import UserKeys

if TYPE_CHECKING:
    from identity.service.inspect_client_token import InspectionPorts


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


def client_ports(settings: RefreshSettings) -> ClientPorts:
    """Of the routes on which clients prove themselves."""
    issuer = settings.token_issuer
    return ClientPorts(
        clients=OAuthClientRepository(),
        assertions=ClientAssertionRepository(),
        attempts=AttemptRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        audiences=(issuer, token_endpoint(issuer)),
    )


def client_of(request: Request[ClientIn], by: ClientPorts) -> OAuthClient | Problem:
    """Which client asks, by the header or by the form."""
    secret, assertion = request.body.client_secret, request.body.client_assertion
    sent = credentials_of(
        authorization=request.headers.get("authorization"),
        client_id=request.body.client_id,
        client_secret=secret.get_secret_value() if secret else None,
        assertion_type=request.body.client_assertion_type,
        assertion=assertion.get_secret_value() if assertion else None,
        source_ip=request.source_ip,
    )
    return sent if isinstance(sent, Problem) else authenticate(sent, by, now=clock.now())


def inspection_ports(settings: RefreshSettings) -> "InspectionPorts":
    """Of the routes that look at tokens. It loads joserfc, which nothing else here needs."""
    from identity.service.inspect_client_token import InspectionPorts
    from identity.service.verify_access_token import Verifier

    verifier = Verifier(
        settings.token_issuer,
        settings.token_audience,
        key=lambda: kms.public_key(settings.token_key_arn),
    )
    return InspectionPorts(AccountRepository(), SessionRepository(), verifier)
