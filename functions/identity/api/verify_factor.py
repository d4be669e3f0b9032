"""POST /mfa/verify.

Problems: 404 not_found, 410 challenge_void, 422 wrong_code, 429 rate_limited.
"""

from typing import Any

from identity import problems, schemas
from identity.clients.kms import MailedSecrets, NetworkHasher
from identity.domain import sign_in_attempts
from identity.domain.user import ANY_ROLE
from identity.repository.challenges import ChallengeRepository
from identity.repository.factors import FactorRepository
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.issue_access_token import TokenIssuer
from identity.service.verify_factor import Typed, VerifyPorts, verify
from identity.settings import SignInSettings, at_cold_start
from identity.wiring import key_ring, personal_data
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/mfa/verify",
    "Answer a challenge, once: the session is that of a user who was proved by two factors",
    scopes=ANY_ROLE,
    request=schemas.VerifyIn,
    responses={200: schemas.RaisedOut},
    problems=(
        problems.NOT_FOUND,
        problems.CHALLENGE_VOID,
        problems.WRONG_CODE,
        problems.RATE_LIMITED,
    ),
    ends_at_once=True,
    quotas=sign_in_attempts.CODE_QUOTAS,
)


@at_cold_start
def ports() -> VerifyPorts:
    """The composition root of this function."""
    settings = SignInSettings.load()
    signer = key_ring(settings)
    return VerifyPorts(
        accounts=AccountRepository(),
        factors=FactorRepository(),
        challenges=ChallengeRepository(),
        sessions=SessionRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        personal=personal_data(settings),
        mailed=MailedSecrets(settings.email_mac_key_arn),
        tokens=TokenIssuer(settings.token_issuer, settings.token_audience, signer),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Once: who repeats it after a lost answer refreshes, and finds the session raised."""
    body: schemas.VerifyIn = request.body
    typed = Typed(
        body.challenge_id,
        request.source_ip,
        code=body.code.get_secret_value() if body.code else None,
        recovery_code=body.recovery_code.get_secret_value() if body.recovery_code else None,
    )
    caller = request.user
    result = verify(
        caller.subject, caller.session_id, typed, ports(), now=clock.now(), trace=request.trace
    )
    return result if isinstance(result, Problem) else Response(200, schemas.RaisedOut.of(result))


handler = entrypoint(ROUTE, handle)
