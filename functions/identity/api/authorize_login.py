"""POST /oauth2/login: the form of the page on which a user signs in to agree."""

from dataclasses import dataclass
from typing import Any

from identity import problems, schemas
from identity.clients.argon2_passwords import Argon2Passwords
from identity.clients.kms import EmailHasher, NetworkHasher
from identity.domain import sign_in_attempts
from identity.repository.counters import AttemptRepository
from identity.repository.users import AccountRepository
from identity.service import authorize_client, render_page
from identity.service.authorize_client import AuthorizationPorts, Question, SentBack
from identity.service.prove_password import Credentials, ProofPorts
from identity.settings import AuthorizationSettings, at_cold_start
from identity.wiring import authorization_ports, browser_of, sent_on
from shop import clock, pages
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/oauth2/login",
    "Sign in to agree that a client acts for one: the form of a page",
    auth="public",
    request=schemas.LoginIn,
    form=True,
    responses={200: None, 303: None},
    problems=(
        problems.INVALID_AUTHORIZATION,
        problems.INVALID_CREDENTIALS,
        problems.RATE_LIMITED,
    ),
    errors="page",
    media_type=pages.MEDIA_TYPE,
    throttle=(50, 100),
    quotas=sign_in_attempts.QUOTAS,
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What this function is composed of."""

    authorization: AuthorizationPorts
    proof: ProofPorts


@at_cold_start
def ports() -> Ports:
    """The composition root of this function."""
    settings = AuthorizationSettings.load()
    key = settings.email_mac_key_arn
    proof = ProofPorts(
        accounts=AccountRepository(),
        attempts=AttemptRepository(),
        mac=EmailHasher(key),
        networks=NetworkHasher(key),
        passwords=Argon2Passwords(),
        region=settings.home_region,
    )
    return Ports(authorization_ports(settings), proof)


def handle(request: Request[Any]) -> Response | Problem:
    """Sign in, or turn back."""
    body: schemas.LoginIn = request.body
    form, browser, by, now = body.form, browser_of(request), ports().authorization, clock.now()
    if body.decision == "deny":
        return sent_on(authorize_client.decline(form, browser, by, now=now))
    credentials = Credentials(
        email=body.email,
        password=body.password.get_secret_value(),
        source_ip=request.source_ip,
    )
    result = authorize_client.sign_in(form, browser, credentials, by, ports().proof, now=now)
    if isinstance(result, Problem | SentBack):
        return sent_on(result)
    if isinstance(result, Question):
        return render_page.consent(result)
    question, refused = result
    return render_page.sign_in(question, refused)


handler = entrypoint(ROUTE, handle)
