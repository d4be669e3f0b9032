"""Answer a challenge: by a factor's code, or by a recovery code, once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from identity import events, problems
from identity.domain import one_time_code, rate_limit, sign_in_attempts
from identity.domain import user as users
from identity.domain.access_token import AccessToken
from identity.domain.challenge import Challenge, Purpose
from identity.domain.factor import Factor
from identity.domain.mailed_token import Purpose as MailPurpose
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.domain.user import User
from identity.events import event_of
from identity.service.change_user import NO_USER
from identity.service.enrol_factor import mailed_step
from identity.service.ports import (
    AccountChange,
    Accounts,
    Answer,
    Challenges,
    Factors,
    MailedSecrets,
    NetworkHasher,
    Person,
    PersonalData,
    Sessions,
    Tokens,
)
from identity.service.request_mail import notice
from identity.service.seal_details import open_factor
from shop import ids, rate_limits, telemetry
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class Typed:
    """What is typed in answer to a challenge, and from where: one of the two codes."""

    challenge_id: str
    source_ip: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    recovery_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class VerifyPorts:
    """What answering needs."""

    accounts: Accounts
    factors: Factors
    challenges: Challenges
    sessions: Sessions
    networks: NetworkHasher
    personal: PersonalData
    mailed: MailedSecrets
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class Raised:
    """A session at its new level, with an access token that says so."""

    access: AccessToken
    session: TokenFamily


VOID = Problem(problems.CHALLENGE_VOID, "Ask for another one.")
WRONG = Problem(problems.WRONG_CODE, "A code is taken once, and only for a minute.")


def verify(
    user_id: str, session_id: str, typed: Typed, by: VerifyPorts, *, now: datetime, trace: Trace
) -> Raised | Problem:
    """Raise the session. Every attempt is counted before it is checked, in the challenge and by
    account and network, as at sign-in; a good one is taken back."""
    user, session = by.accounts.get(user_id), by.sessions.get(user_id, session_id)
    person = by.personal.to_open(user_id)
    if user is None or session is None or isinstance(person, Erased):
        return NO_USER
    found = _found(typed.challenge_id, session, by.challenges, now=now)
    if found is None:
        return VOID
    counters = _counters(user, typed.source_ip, by.networks, now=now)
    full = by.challenges.attempt(found, counters, now=now)
    if full is None:
        return VOID
    if full:
        return _too_many(full, now=now)
    raised = session.proved_by_code(now)
    data = events.MfaVerified(
        user_id=user_id, session_id=session_id, challenge_id=found.challenge_id
    )
    verified = event_of(data, found.challenge_id, 1, now=now, trace=trace)
    answer = Answer(found, verified, raised, counters)
    if typed.recovery_code is not None:
        full_answer = _by_recovery(answer, user, person, typed.recovery_code, now=now, trace=trace)
    else:
        factors = found.asks_for(by.factors.of(user_id))
        full_answer = _by_factor(answer, factors, person, typed.code or "", by.mailed, now=now)
    if full_answer is None:
        telemetry.emit_metric("SecondFactorRefused")
        return WRONG
    # Signed before it is stored: if KMS fails, the code is still good.
    access = by.tokens.issue(user, raised, now=now)
    return Raised(access, raised) if by.challenges.answer(full_answer, now=now) else VOID


def _found(
    challenge_id: str, session: TokenFamily, challenges: Challenges, *, now: datetime
) -> Challenge | None:
    if not ids.is_id("cha", challenge_id):
        return None
    found = challenges.get(session.user_id, challenge_id)
    if found is None or not found.is_open(session.session_id, Purpose.STEP_UP, now=now):
        return None
    return found


def _counters(
    user: User, source_ip: str, networks: NetworkHasher, *, now: datetime
) -> tuple[Counter, Counter]:
    network = rate_limit.network_of(source_ip)
    hashed = networks.of(f"codes of {user.address}", network)
    return sign_in_attempts.code_counters(address=user.address, from_network=hashed, now=now)


def _by_factor(
    answer: Answer,
    factors: Sequence[Factor],
    person: Person,
    code: str,
    mailed: MailedSecrets,
    *,
    now: datetime,
) -> Answer | None:
    mail_id = answer.challenge.mail_id
    if mail_id is not None:
        step = mailed_step(mail_id, code, mailed, now=now)
        return replace(answer, factor=factors[0], step=step) if step and factors else None
    for factor in factors:
        step = one_time_code.step_of(open_factor(factor, person).secret or "", code, now=now)
        if step is not None and factor.is_newer(step):
            return replace(answer, factor=factor, step=step)
    return None


def _by_recovery(
    answer: Answer, user: User, person: Person, code: str, *, now: datetime, trace: Trace
) -> Answer | None:
    digest = person.digest(one_time_code.as_made(code))
    if digest not in user.recovery_codes:
        return None
    after = users.use_recovery_code(user, digest, now=now)
    data = events.UserRecoveryCodeUsed(user_id=user.user_id)
    change = AccountChange(
        user,
        after,
        event_of(data, user.user_id, after.sequence, now=now, trace=trace),
        notice(MailPurpose.RECOVERY_CODE_USED, user, now=now, trace=trace),
    )
    return replace(answer, recovered=change)


def _too_many(full: Sequence[Counter], *, now: datetime) -> Problem:
    telemetry.emit_metric("SecondFactorLimited")
    seconds_left = {counter.limit.name: counter.seconds_left(now) for counter in full}
    return Problem(
        problems.RATE_LIMITED,
        "Too many codes were wrong.",
        headers=rate_limits.exhausted(seconds_left),
    )
