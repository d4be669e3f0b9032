"""Ask for a second factor: a challenge of one session, for one purpose."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from identity import problems
from identity.domain import email_address
from identity.domain import factor as rules
from identity.domain.challenge import Challenge, Purpose
from identity.domain.factor import Factor, Kind
from identity.service.change_user import NO_USER
from identity.service.ports import Accounts, Challenges, Factors, NetworkHasher, PersonalData
from identity.service.request_mail import mailed_code, too_many
from identity.service.seal_details import open_profile
from shop import ids
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased

NO_FACTOR = Problem(problems.NOT_FOUND, "There is no such second factor.")
NONE_OF_IT = Problem(problems.NO_SECOND_FACTOR, "Enrol one first: see POST /mfa/factors.")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be asked for, of which session and from where: one factor, or any, or any of a
    kind. Of any, apps come first: no mail is sent where a code can be read."""

    session_id: str
    purpose: Purpose
    source_ip: str = field(repr=False)
    factor_id: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class ChallengePorts:
    """What asking needs."""

    accounts: Accounts
    factors: Factors
    challenges: Challenges
    networks: NetworkHasher
    personal: PersonalData


@dataclass(frozen=True, slots=True)
class Asked:
    """The challenge, the factors whose codes answer it, and where a code was sent, if one was."""

    challenge: Challenge
    factors: Sequence[Factor]
    sent_to: str | None = field(default=None, repr=False)


def challenge(
    user_id: str, wanted: Wanted, by: ChallengePorts, *, now: datetime, trace: Trace
) -> Asked | Problem:
    """Open one; a recovery code answers any."""
    active = rules.active(by.factors.of(user_id))
    named = [each for each in active if wanted.factor_id in (None, each.factor_id)]
    if not named and wanted.factor_id is not None:
        return NO_FACTOR
    found = [each for each in named if wanted.kind in (None, each.kind)]
    if not found:
        return NONE_OF_IT
    made = Challenge(
        challenge_id=ids.generate("cha", region=ids.region_of(user_id), now=now),
        user_id=user_id,
        session_id=wanted.session_id,
        purpose=wanted.purpose,
        created=now,
        factor_id=wanted.factor_id,
    )
    if any(each.kind is Kind.TOTP for each in found):
        by.challenges.open(made)
        return Asked(made, made.asks_for(active))
    return _by_mail(made, active, by, source_ip=wanted.source_ip, now=now, trace=trace)


def _by_mail(
    made: Challenge,
    active: Sequence[Factor],
    by: ChallengePorts,
    *,
    source_ip: str,
    now: datetime,
    trace: Trace,
) -> Asked | Problem:
    user = by.accounts.get(made.user_id)
    profile = open_profile(user, by.personal) if user else Erased()
    if user is None or isinstance(profile, Erased):
        return NO_USER
    mailed = mailed_code(user, by.networks, source_ip=source_ip, now=now, trace=trace)
    sent = replace(made, mail_id=mailed[0].mail_id)
    if not by.challenges.open(sent, mailed):
        return too_many(mailed[2], now=now)
    return Asked(sent, sent.asks_for(active), email_address.masked(profile.email))
