"""Change one's password, for which one says the current one."""

from dataclasses import dataclass, field
from datetime import datetime

from identity import events, problems
from identity.domain import rate_limit, sign_in_attempts
from identity.domain import user as rules
from identity.events import event_of
from identity.service.change_user import NO_USER, UserBusy
from identity.service.check_password import guessable
from identity.service.ports import Accounts, Attempts, NetworkHasher, Passwords, PersonalData
from identity.service.prove_password import too_many
from identity.service.seal_details import open_profile
from shop import telemetry
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What is asked for, in which session and from where."""

    current: str = field(repr=False)
    new: str = field(repr=False)
    session_id: str
    source_ip: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PasswordPorts:
    """What changing a password needs."""

    accounts: Accounts
    attempts: Attempts
    networks: NetworkHasher
    passwords: Passwords
    personal: PersonalData


WRONG = Problem(problems.WRONG_PASSWORD, "The current password is another one.")


def change_password(
    user_id: str, change: PasswordChange, by: PasswordPorts, *, now: datetime, trace: Trace
) -> Problem | None:
    """Change it, and end all sessions but the one that asks.

    To guess the current one counts as to sign in, so a token that was stolen is no way around the
    limit. Who repeats it, as after a lost answer, finds the new one to be the current one: done.
    """
    user = by.accounts.get(user_id)
    if user is None or not user.is_active:
        return NO_USER
    profile = open_profile(user, by.personal)
    if isinstance(profile, Erased):
        return NO_USER
    refused = guessable(change.new, profile.email, profile.name, field="new_password")
    if refused is not None:
        return refused
    network = rate_limit.network_of(change.source_ip)
    address = user.address
    counters = sign_in_attempts.counters(
        address=address, from_network=by.networks.of(address, network), now=now
    )
    full = by.attempts.count(counters)
    if full:
        return too_many(full, now=now)
    if not by.passwords.verify(user.password_hash, change.current):
        repeated = user.kept_session == change.session_id and by.passwords.verify(
            user.password_hash, change.new
        )
        if not repeated:
            telemetry.emit_metric("SignInRefused")
        return None if repeated else WRONG
    new_hash = by.passwords.hash(change.new)
    after = rules.change_password(user, new_hash, session_id=change.session_id, now=now)
    data = events.UserPasswordChanged(user_id=user_id)
    changed = event_of(data, user_id, after.sequence, now=now, trace=trace)
    if by.accounts.change_password(user, after, changed, counters=counters):
        return None
    raise UserBusy
