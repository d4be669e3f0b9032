"""POST /mfa/challenge. Problems: 404 not_found, 409 no_second_factor, 429 rate_limited."""

from typing import Any

from identity import problems, schemas
from identity.clients.kms import NetworkHasher
from identity.domain import mail_limits
from identity.domain.challenge import Purpose
from identity.domain.factor import Kind
from identity.domain.user import ANY_ROLE
from identity.repository.challenges import ChallengeRepository
from identity.repository.factors import FactorRepository
from identity.repository.users import AccountRepository
from identity.service.challenge_factor import ChallengePorts, Wanted, challenge
from identity.settings import AccountSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/mfa/challenge",
    "Be asked for a second factor, by a challenge of this session that lasts five minutes",
    scopes=ANY_ROLE,
    request=schemas.ChallengeIn,
    responses={202: schemas.ChallengeOut},
    problems=(problems.NOT_FOUND, problems.NO_SECOND_FACTOR, problems.RATE_LIMITED),
    links=(Link("verify_factor", body={"challenge_id": "$response.body#/challenge_id"}),),
    ends_at_once=True,
    quotas=mail_limits.QUOTAS,
)


@at_cold_start
def ports() -> ChallengePorts:
    """The composition root of this function."""
    settings = AccountSettings.load()
    return ChallengePorts(
        accounts=AccountRepository(),
        factors=FactorRepository(),
        challenges=ChallengeRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        personal=personal_data(settings),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """A repeat opens another one."""
    caller, body = request.user, request.body
    wanted = Wanted(
        caller.session_id,
        Purpose(body.purpose),
        request.source_ip,
        body.factor_id,
        Kind(body.channel) if body.channel else None,
    )
    result = challenge(caller.subject, wanted, ports(), now=clock.now(), trace=request.trace)
    return result if isinstance(result, Problem) else Response(202, schemas.ChallengeOut.of(result))


handler = entrypoint(ROUTE, handle)
