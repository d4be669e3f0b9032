"""Close an account and open it again: for tools, on no route."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from identity import events
from identity.domain import email_address
from identity.domain import user as rules
from identity.domain.user import User
from identity.events import event_of
from identity.service.create_staff import AccountPorts
from identity.service.ports import Accounts, EmailHasher
from identity.service.seal_details import profile_of, seal_profile
from shop.events import EventData
from shop.trace import Trace
from shop.user_keys import Erased

ATTEMPTS = 5  # somebody signs in meanwhile, and the password is hashed anew


class AccountBusy(Exception):
    """The account changed each time that it was looked at."""


def find(email: str, *, accounts: Accounts, mac: EmailHasher) -> User | None:
    """Whose address this is."""
    user_id = accounts.user_id_of(mac.of(email_address.lookup_form(email)))
    return accounts.get(user_id) if user_id else None


def disable_user(
    email: str, by: AccountPorts, *, operator: str, now: datetime, trace: Trace
) -> tuple[User, bool] | None:
    """Nobody signs in as this user any more and no session goes on; None if there is no such user.

    The user, and whether that is new. Access tokens that are out live until they expire.
    """

    def disabled(user: User) -> tuple[User, EventData]:
        after = rules.disable(user, changed_by(operator, user, by), now=now)
        return after, events.UserDisabled(user_id=user.user_id)

    return _change(email, by, disabled, now=now, trace=trace)


def enable_user(
    email: str,
    password: str,
    by: AccountPorts,
    *,
    operator: str,
    now: datetime,
    trace: Trace,
) -> tuple[User, bool] | None:
    """Let a user in whose account is closed, with this password; an active one stays as it is."""
    password_hash = by.passwords.hash(password)

    def enabled(user: User) -> tuple[User, EventData]:
        after = rules.enable(user, password_hash, changed_by(operator, user, by), now=now)
        return after, events.UserEnabled(user_id=user.user_id)

    return _change(email, by, enabled, now=now, trace=trace)


def _change(
    email: str,
    by: AccountPorts,
    changed: Callable[[User], tuple[User, EventData]],
    *,
    now: datetime,
    trace: Trace,
) -> tuple[User, bool] | None:
    for _ in range(ATTEMPTS):
        user = find(email, accounts=by.accounts, mac=by.mac)
        if user is None:
            return None
        after, data = changed(user)
        if after == user:
            return user, False
        event = event_of(data, user.user_id, after.sequence, now=now, trace=trace)
        if by.accounts.change(user, after, event):
            return after, True
    raise AccountBusy


def changed_by(operator: str, user: User, by: AccountPorts) -> bytes:
    """The user's profile with who changes the account now; of somebody who is being erased nothing
    is written any more."""
    person = by.personal.to_open(user.user_id)
    if isinstance(person, Erased):
        return user.personal
    profile = replace(profile_of(user, person), changed_by=operator)
    return seal_profile(profile, user.user_id, person)
