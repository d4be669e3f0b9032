"""What several entry points of identity are composed of. What few of them need is imported late:
each import counts in every cold start."""

import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from identity.clients import kms
from identity.clients.key_ring import KeyRing
from identity.clients.kms import EmailHasher, MailedSecrets, NetworkHasher
from identity.domain.authorization import PATIENCE
from identity.domain.oauth_client import OAuthClient
from identity.repository.authorization_codes import AuthorizationCodeRepository
from identity.repository.client_assertions import ClientAssertionRepository
from identity.repository.counters import AttemptRepository
from identity.repository.factors import FactorRepository
from identity.repository.mail_requests import MailRequestRepository
from identity.repository.oauth_clients import OAuthClientRepository
from identity.repository.sessions import SessionRepository
from identity.repository.token_keys import TokenKeyRepository
from identity.repository.users import AccountRepository
from identity.schemas import ClientIn, ErasureIn
from identity.service.authenticate_client import ClientPorts, authenticate, credentials_of
from identity.service.authorize_client import AuthorizationPorts, SentBack
from identity.service.describe_provider import token_endpoint
from identity.service.enrol_factor import EnrolmentPorts
from identity.service.ports import PersonalData
from identity.service.request_mail import MailRequestPorts
from identity.settings import (
    AccountSettings,
    AuthorizationSettings,
    EmailSettings,
    GraceSettings,
    KeySettings,
    PersonalSettings,
    RefreshSettings,
    StepSettings,
)
from shop import clock
from shop.http import Request, Response
from shop.problems import Problem
from shop.user_keys import UserKeys

if TYPE_CHECKING:
    from identity.service.erase_user import Eraser
    from identity.service.export_user import Exporter
    from identity.service.inspect_client_token import InspectionPorts
    from identity.service.prove_again import Proof, ProofPorts
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
        key_of=key_ring(settings).public_key,
    )
    return InspectionPorts(AccountRepository(), SessionRepository(), verifier)


def authorization_ports(settings: AuthorizationSettings) -> AuthorizationPorts:
    """Of the pages on which users agree."""
    return AuthorizationPorts(
        clients=OAuthClientRepository(),
        accounts=AccountRepository(),
        codes=AuthorizationCodeRepository(),
        forms=kms.FormSigner(settings.email_mac_key_arn),
        issuer=settings.token_issuer,
    )


# `__Host-`: of this host alone, over TLS alone, for all paths. Lax: a client's link to the first
# page brings it along, a form on another site does not.
_COOKIE = "__Host-browser"
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")


def browser_of(request: Request[Any]) -> str:
    """Which browser asks: by its cookie, or a new one that it gets."""
    pairs = (part.strip().partition("=") for part in request.headers.get("cookie", "").split(";"))
    found = [value for name, _, value in pairs if name == _COOKIE]
    known = len(found) == 1 and _BROWSER.fullmatch(found[0])
    return found[0] if known else secrets.token_urlsafe(32)


def cookie_of(browser: str) -> str:
    """By which it is known for as long as its forms are."""
    seconds = int(PATIENCE.total_seconds())
    return f"{_COOKIE}={browser}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax"


def sent_on(result: SentBack | Problem) -> Response | Problem:
    """Back to the client, by GET."""
    if isinstance(result, Problem):
        return result
    return Response(303, headers={"Location": result.location})


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
    from identity.repository.exports import ExportRepository
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
        signer=key_ring(settings),
        issuer=settings.token_issuer,
        account_url=settings.account_url,
        exports=ExportRepository(),
        archives=Objects(BUCKET),
    )


def exporter() -> "Exporter":
    """Of the steps of the export machine, for one task."""
    from identity.repository.exports import ExportRepository
    from identity.service.export_user import Exporter
    from shop.export import BUCKET
    from shop.objects import Objects

    return Exporter(
        accounts=AccountRepository(),
        sessions=SessionRepository(),
        factors=FactorRepository(),
        exports=ExportRepository(),
        personal=personal_data(PersonalSettings.load()),
        archives=Objects(BUCKET),
    )


def proof_ports(settings: EmailSettings) -> "ProofPorts":
    """Of the routes that ask again who somebody is."""
    from identity.clients.argon2_passwords import Argon2Passwords
    from identity.service.prove_again import ProofPorts

    return ProofPorts(
        attempts=AttemptRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
    )


def proof_of(request: Request[ErasureIn]) -> "Proof":
    """By what the caller of such a route is the user just now."""
    from identity.service.prove_again import Proof

    caller, password = request.user, request.body.password
    return Proof(
        level=caller.level,
        proved=caller.proved,
        source_ip=request.source_ip,
        password=password.get_secret_value() if password else None,
    )
