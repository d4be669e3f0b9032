"""What users change of their own accounts: profile, consents, sessions, and that there is one."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from identity import events, problems
from identity.domain import user as rules
from identity.domain.profile import UserProfile
from identity.domain.user import User
from identity.events import event_of
from identity.service.ports import Accounts, PersonalData
from identity.service.seal_details import profile_of, seal_profile
from shop.events import EventData
from shop.problems import Problem
from shop.trace import Trace
from shop.user_keys import Erased

ATTEMPTS = 5  # they may do two things at once


class UserBusy(Exception):
    """The user changed each time that it was looked at."""


NO_USER = Problem(problems.NOT_FOUND, "There is no such user any more.")
CHANGED = Problem(problems.PRECONDITION_FAILED, "Read it again: it has another ETag now.")


def version_of(user: User) -> str:
    """The ETag of what is shown of a user."""
    return f'"{user.sequence}"'


def change_profile(
    user_id: str,
    changes: Mapping[str, str | None],
    accounts: Accounts,
    personal: PersonalData,
    *,
    versions: Collection[str] | None,
    now: datetime,
    trace: Trace,
) -> tuple[User, UserProfile] | Problem:
    """Change name and locale, whichever are there; only one of `versions`, if these are given."""

    person = personal.to_open(user_id)
    if isinstance(person, Erased):
        return NO_USER

    def changed(user: User) -> tuple[User, EventData] | Problem:
        if versions is not None and version_of(user) not in versions:
            return CHANGED
        before = profile_of(user, person)
        after = before.but(changes)
        if after == before:
            return user, told
        return rules.change_profile(user, seal_profile(after, user_id, person), now=now), told

    told = events.UserProfileChanged(user_id=user_id)
    result = _change(user_id, changed, accounts, now=now, trace=trace)
    return result if isinstance(result, Problem) else (result, profile_of(result, person))


def put_consents(
    user_id: str, *, marketing: bool, accounts: Accounts, now: datetime, trace: Trace
) -> User | Problem:
    """Say what the user agrees to, beside the terms."""

    def changed(user: User) -> tuple[User, EventData]:
        after = rules.consent(user, marketing=marketing, now=now)
        return after, events.UserConsentsChanged(user_id=user.user_id)

    return _change(user_id, changed, accounts, now=now, trace=trace)


def deactivate(user_id: str, accounts: Accounts, *, now: datetime, trace: Trace) -> User | Problem:
    """Close the account and end its sessions."""

    def changed(user: User) -> tuple[User, EventData]:
        after = rules.deactivate(user, now=now)
        return after, events.UserDeactivated(user_id=user.user_id)

    return _change(user_id, changed, accounts, now=now, trace=trace)


def _change(
    user_id: str,
    changed: Callable[[User], tuple[User, EventData] | Problem],
    accounts: Accounts,
    *,
    now: datetime,
    trace: Trace,
) -> User | Problem:
    for _ in range(ATTEMPTS):
        user = accounts.get(user_id)
        if user is None:
            return NO_USER
        result = changed(user)
        if isinstance(result, Problem):
            return result
        after, data = result
        if after == user:
            return user
        event = event_of(data, user_id, after.sequence, now=now, trace=trace)
        if accounts.change(user, after, event):
            return after
    raise UserBusy
