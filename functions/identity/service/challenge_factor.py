"""Ask for a second factor: a challenge of one session, for one purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from identity import problems
from identity.domain import factor as rules
from identity.domain.challenge import Challenge, Purpose
from identity.domain.factor import Factor, Kind
from identity.service.ports import Challenges, Factors
from shop import ids
from shop.problems import Problem

NO_FACTOR = Problem(problems.NOT_FOUND, "There is no such second factor.")
NONE_OF_IT = Problem(problems.NO_SECOND_FACTOR, "Enrol one first: see POST /mfa/factors.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be asked for: one factor, or any, or any of a kind."""

    factor_id: str | None = None
    kind: Kind | None = None


def challenge(
    user_id: str,
    session_id: str,
    wanted: Wanted,
    purpose: Purpose,
    *,
    factors: Factors,
    challenges: Challenges,
    now: datetime,
) -> tuple[Challenge, Sequence[Factor]] | Problem:
    """The challenge, and the factors whose codes answer it; a recovery code answers any."""
    active = rules.active(factors.of(user_id))
    if wanted.factor_id is not None and wanted.factor_id not in {f.factor_id for f in active}:
        return NO_FACTOR
    if not [each for each in active if wanted.kind in (None, each.kind)]:
        return NONE_OF_IT
    made = Challenge(
        challenge_id=ids.generate("cha", region=ids.region_of(user_id), now=now),
        user_id=user_id,
        session_id=session_id,
        purpose=purpose,
        created=now,
        factor_id=wanted.factor_id,
    )
    challenges.open(made)
    return made, made.asks_for(active)
