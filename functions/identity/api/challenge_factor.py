"""POST /mfa/challenge. Problems: 404 not_found, 409 no_second_factor."""

from typing import Any

from identity import problems, schemas
from identity.domain.challenge import Purpose
from identity.domain.factor import Kind
from identity.domain.user import ANY_ROLE
from identity.repository.challenges import ChallengeRepository
from identity.repository.factors import FactorRepository
from identity.service.challenge_factor import Wanted, challenge
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
    problems=(problems.NOT_FOUND, problems.NO_SECOND_FACTOR),
    links=(Link("verify_factor", body={"challenge_id": "$response.body#/challenge_id"}),),
    ends_at_once=True,
)

factors, challenges = FactorRepository(), ChallengeRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """A repeat opens another one."""
    caller, body = request.user, request.body
    result = challenge(
        caller.subject,
        caller.session_id,
        Wanted(body.factor_id, Kind(body.channel) if body.channel else None),
        Purpose(body.purpose),
        factors=factors,
        challenges=challenges,
        now=clock.now(),
    )
    return (
        result if isinstance(result, Problem) else Response(202, schemas.ChallengeOut.of(*result))
    )


handler = entrypoint(ROUTE, handle)
