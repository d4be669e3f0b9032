"""Enrol a second factor: its secret is told once, and it counts once a code of it was seen."""

import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime

from pyotp import random_base32

from identity import events, problems
from identity.domain import email_address, one_time_code
from identity.domain import factor as rules
from identity.domain import user as users
from identity.domain.factor import Factor, FactorDetails, Kind, Status
from identity.domain.mailed_token import LIFETIME, Purpose
from identity.domain.user import Role, User
from identity.events import event_of
from identity.service.change_user import NO_USER, UserBusy
from identity.service.ports import (
    AccountChange,
    Accounts,
    Factors,
    MailedSecrets,
    NetworkHasher,
    Person,
    PersonalData,
    Sessions,
)
from identity.service.request_mail import mailed_code, notice, too_many
from identity.service.seal_details import open_factor, profile_of, seal_factor
from shop import ids
from shop.problems import Problem
from shop.step_up import ONE_FACTOR, StepUp
from shop.trace import Trace
from shop.user_keys import Erased

ATTEMPTS = 3  # the user changes something else meanwhile
_CODE_OCTETS = 8
# Whose only proof is a password shows that they are there: who finds a session that somebody left
# open makes it no session of their own.
FIRST = StepUp(rules.RECENT, level=ONE_FACTOR)
FURTHER = StepUp(rules.RECENT)

BY_APP_ONLY = Problem(problems.FORBIDDEN, "Who works here proves it by an app: mail is no device.")
NO_FACTOR = Problem(problems.NOT_FOUND, "There is no such second factor.")
TOO_MANY = Problem(problems.TOO_MANY_FACTORS, f"At most {rules.MOST} are kept; remove one first.")
VOID = Problem(problems.ENROLMENT_VOID, "Begin again: there will be another secret.")
WRONG = Problem(problems.WRONG_CODE, "Type the code that the app shows now.")


@dataclass(frozen=True, slots=True)
class Prover:
    """Who asks, in which session, and how and when they were proved, as their token says."""

    user_id: str
    session_id: str
    level: str
    proved: datetime


@dataclass(frozen=True, slots=True)
class EnrolmentPorts:
    """What enrolling needs."""

    accounts: Accounts
    factors: Factors
    sessions: Sessions
    personal: PersonalData
    networks: NetworkHasher
    mailed: MailedSecrets


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be enrolled, as what, and from where that is asked."""

    kind: Kind
    label: str | None = field(default=None, repr=False)
    source_ip: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is told once: the secret, and the same as an app reads it; or where a code is mailed."""

    factor: Factor
    secret: str | None = field(default=None, repr=False)
    uri: str | None = field(default=None, repr=False)
    sent_to: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A factor that counts, with the user's first recovery codes: none beside a further factor, and
    none where this was heard before."""

    factor: Factor
    recovery_codes: tuple[str, ...] = field(repr=False)


def enrol(
    prover: Prover, wish: Wish, by: EnrolmentPorts, *, now: datetime, trace: Trace
) -> Enrolment | Problem:
    """Begin. A user without a factor has signed in lately; with one they have proved it lately."""
    user, person = by.accounts.get(prover.user_id), by.personal.to_open(prover.user_id)
    if user is None or not user.is_active or isinstance(person, Erased):
        return NO_USER
    refused = _refused(user, prover, now=now)
    if refused is not None:
        return refused
    if len(rules.in_use(by.factors.of(user.user_id), now)) >= rules.MOST:
        return TOO_MANY
    if wish.kind is Kind.EMAIL:
        return _by_mail(user, person, wish, by, now=now, trace=trace)
    secret = random_base32()
    made = _new(user, FactorDetails(secret, wish.label), wish.kind, person, now=now)
    by.factors.enrol(made)
    return Enrolment(made, secret, one_time_code.uri(secret, profile_of(user, person).email))


def _by_mail(
    user: User, person: Person, wish: Wish, by: EnrolmentPorts, *, now: datetime, trace: Trace
) -> Enrolment | Problem:
    if user.role is not Role.CUSTOMER:
        return BY_APP_ONLY
    request, requested, counter = mailed_code(
        user, by.networks, source_ip=wish.source_ip, now=now, trace=trace
    )
    made = _new(user, FactorDetails(label=wish.label), wish.kind, person, now=now)
    made = replace(made, mail_id=request.mail_id)
    if not by.factors.enrol(made, (request, requested, counter)):
        return too_many(counter, now=now)
    return Enrolment(made, sent_to=email_address.masked(profile_of(user, person).email))


def _new(
    user: User, details: FactorDetails, kind: Kind, person: Person, *, now: datetime
) -> Factor:
    factor_id = ids.generate("fac", region=ids.region_of(user.user_id), now=now)
    return Factor(
        factor_id=factor_id,
        user_id=user.user_id,
        kind=kind,
        status=Status.PENDING,
        created=now,
        personal=seal_factor(details, factor_id, person),
    )


def confirm(
    prover: Prover, factor_id: str, code: str, by: EnrolmentPorts, *, now: datetime, trace: Trace
) -> Confirmed | Problem:
    """Let it count, and take its code for a proof of the session that asks.

    Whose factor counts already, as after a lost answer, hears so, and gets no codes again.
    """
    person = by.personal.to_open(prover.user_id)
    if isinstance(person, Erased):
        return NO_USER
    if not ids.is_id("fac", factor_id):  # A path may hold anything, a key not.
        return NO_FACTOR
    found = by.factors.get(prover.user_id, factor_id)
    if found is None or found.status is Status.REMOVED:
        return NO_FACTOR
    if found.is_active:
        return Confirmed(found, ())
    if not found.is_pending(now) or not by.factors.try_to_confirm(found):
        return VOID
    return _confirm(prover, found, code, person, by, now=now, trace=trace)


def new_recovery_codes(person: Person) -> tuple[tuple[str, ...], frozenset[str]]:
    """To be told once, and what is kept of them."""
    codes = tuple(
        one_time_code.recovery_code(secrets.token_bytes(_CODE_OCTETS))
        for _ in range(one_time_code.RECOVERY_CODES)
    )
    return codes, frozenset(person.digest(code) for code in codes)


def _confirm(
    prover: Prover,
    found: Factor,
    code: str,
    person: Person,
    by: EnrolmentPorts,
    *,
    now: datetime,
    trace: Trace,
) -> Confirmed | Problem:
    step = _step(found, code, person, by.mailed, now=now)
    if step is None:
        return WRONG
    codes, digests = new_recovery_codes(person)
    for _ in range(ATTEMPTS):
        user = by.accounts.get(prover.user_id)
        session = by.sessions.get(prover.user_id, prover.session_id)
        if user is None or session is None or not user.is_active or not session.is_live(now):
            return NO_USER
        # Asked anew: another factor may count since this one was begun.
        refused = _refused(user, prover, now=now)
        if refused is not None:
            return refused
        after = users.add_factor(user, digests, now=now)
        data = events.UserFactorAdded(user_id=user.user_id, factor_id=found.factor_id)
        change = AccountChange(
            user,
            after,
            event_of(data, user.user_id, after.sequence, now=now, trace=trace),
            notice(Purpose.FACTOR_ADDED, user, now=now, trace=trace),
        )
        if by.factors.confirm(found, change, step=step, session=session.proved_by_code(now)):
            confirmed = by.factors.get(user.user_id, found.factor_id) or found
            return Confirmed(confirmed, () if user.factors else codes)
    raise UserBusy


def _step(
    found: Factor, code: str, person: Person, mailed: MailedSecrets, *, now: datetime
) -> int | None:
    """The step of the code that confirms it; None if that is another one."""
    if found.mail_id is None:
        return one_time_code.step_of(open_factor(found, person).secret or "", code, now=now)
    late = now >= found.created + LIFETIME[Purpose.CODE]
    return None if late else mailed_step(found.mail_id, code, mailed, now=now)


def mailed_step(mail_id: str, code: str, mailed: MailedSecrets, *, now: datetime) -> int | None:
    right = one_time_code.mailed(mailed.of(Purpose.CODE, mail_id))
    return one_time_code.current_step(now) if hmac.compare_digest(right, code) else None


def _refused(user: User, prover: Prover, *, now: datetime) -> Problem | None:
    wanted = FURTHER if user.factors else FIRST
    met = wanted.is_met(prover.level, prover.proved, now=now)
    return None if met else wanted.refusal
