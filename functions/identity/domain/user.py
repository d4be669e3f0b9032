"""Users: roles and their scopes, what can happen to an account, ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from shop import ids


class Role(StrEnum):
    """What a user is to the shop. Registration makes customers only."""

    CUSTOMER = "customer"
    FINANCE = "finance"
    ADMIN = "admin"
    OPS = "ops"


class Status(StrEnum):
    """Whether somebody can sign in: only as an active user."""

    ACTIVE = "active"
    DISABLED = "disabled"  # by an operator
    DEACTIVATED = "deactivated"  # by the user
    ERASING = "erasing"  # for good, at the user's wish: nobody opens it again


SCOPES: Mapping[Role, str] = {
    Role.CUSTOMER: "shop:buy",
    Role.FINANCE: "finance:read",
    Role.ADMIN: "catalog:write inventory:write orders:read orders:write payments:write",
    Role.OPS: "ops",
}
# What users of any role may do with their own account: one of these scopes opens it.
ANY_ROLE = tuple(sorted({scope for scopes in SCOPES.values() for scope in scopes.split()}))


@dataclass(frozen=True, slots=True)
class User:
    """A user as stored. `address` is the keyed hash of their e-mail address, `personal` who they
    are, sealed (service/seal_details.py)."""

    user_id: str
    role: Role
    status: Status
    address: str
    personal: bytes = field(repr=False)
    password_hash: str = field(repr=False)
    created: datetime
    marketing: bool = False
    terms_at: datetime | None = None  # when they were accepted; None: with the account
    marketing_at: datetime | None = None  # when that was said last; None: with the account
    updated: datetime | None = None  # None: never
    sequence: int = 1  # of its events, and the version of what is stored
    sessions_from: datetime | None = None  # those that began before are over,
    kept_session: str | None = None  # but this one
    erasure_id: str | None = None  # the request to be erased that waits or is carried out
    factors: int = 0  # second factors that can be asked for
    recovery_codes: frozenset[str] = field(default=frozenset(), repr=False)  # digests, unused

    @property
    def is_active(self) -> bool:
        """Whether it can sign in and go on; else an operator or the user has closed it."""
        return self.status is Status.ACTIVE

    def keeps_session(self, session_id: str, *, begun: datetime) -> bool:
        """Whether a session that began then may go on."""
        return goes_on(
            self.status,
            sessions_from=self.sessions_from,
            kept_session=self.kept_session,
            session_id=session_id,
            begun=begun,
        )


def goes_on(
    status: Status,
    *,
    sessions_from: datetime | None,
    kept_session: str | None,
    session_id: str,
    begun: datetime,
) -> bool:
    """The rule of `User.keeps_session`, for who has read these alone."""
    cut = sessions_from is not None and begun <= sessions_from
    return status is Status.ACTIVE and (not cut or session_id == kept_session)


def disable(user: User, personal: bytes, *, now: datetime) -> User:
    """Close the account and end its sessions; once is enough. The profile says who did it."""
    if user.status in {Status.DISABLED, Status.ERASING}:
        return user
    return replace(_cut(user, now=now), status=Status.DISABLED, personal=personal)


def enable(user: User, password_hash: str, personal: bytes, *, now: datetime) -> User:
    """Open it again with another password. No session from before comes back, and nobody who is
    being erased."""
    if user.status in {Status.ACTIVE, Status.ERASING}:
        return user
    opened = replace(_cut(user, now=now), status=Status.ACTIVE, personal=personal)
    return replace(opened, password_hash=password_hash)


def deactivate(user: User, *, now: datetime) -> User:
    """Its user closes it, which ends its sessions; once is enough."""
    if not user.is_active:
        return user
    return replace(_cut(user, now=now), status=Status.DEACTIVATED)


def end_sessions(user: User, *, now: datetime) -> User:
    """No session of before goes on."""
    return _cut(user, now=now)


def change_password(user: User, password_hash: str, *, session_id: str, now: datetime) -> User:
    """Another password; of the sessions only the one that asked for it goes on."""
    return replace(_cut(user, now=now), password_hash=password_hash, kept_session=session_id)


def reset_password(user: User, password_hash: str, *, now: datetime) -> User:
    """Another password, by who reads the user's mail; no session of before goes on."""
    return replace(_cut(user, now=now), password_hash=password_hash)


def change_profile(user: User, personal: bytes, *, now: datetime) -> User:
    """With another profile."""
    return _changed(replace(user, personal=personal), now=now)


def consent(user: User, *, marketing: bool, now: datetime) -> User:
    """What the user agrees to from now on; said again it keeps its time."""
    if user.marketing == marketing:
        return user
    return _changed(replace(user, marketing=marketing, marketing_at=now), now=now)


def request_erasure(user: User, erasure_id: str, *, now: datetime) -> User:
    """Wants to be erased: all sessions end, and who signs in again can take it back."""
    return replace(_cut(user, now=now), erasure_id=erasure_id)


def withdraw_erasure(user: User, *, now: datetime) -> User:
    """Stays."""
    return replace(_changed(user, now=now), erasure_id=None)


def begin_erasure(user: User, *, now: datetime) -> User:
    """Is being erased: whatever the status was, nobody signs in and no session goes on."""
    return replace(_cut(user, now=now), status=Status.ERASING)


def add_factor(user: User, first_codes: frozenset[str], *, now: datetime) -> User:
    """One second factor more. With the first come the recovery codes; a further one keeps them."""
    codes = user.recovery_codes if user.factors else first_codes
    return _changed(replace(user, factors=user.factors + 1, recovery_codes=codes), now=now)


def remove_factor(user: User, *, now: datetime) -> User:
    """One less. With the last go the recovery codes, which stand in for nothing then."""
    left = max(0, user.factors - 1)
    codes = user.recovery_codes if left else frozenset()
    return _changed(replace(user, factors=left, recovery_codes=codes), now=now)


def reset_factors(user: User, personal: bytes, *, now: datetime) -> User:
    """None any more, by an operator, and no session of before goes on. The profile says who."""
    cut = replace(_cut(user, now=now), personal=personal)
    return replace(cut, factors=0, recovery_codes=frozenset())


def use_recovery_code(user: User, code_digest: str, *, now: datetime) -> User:
    """It is good once."""
    return _changed(replace(user, recovery_codes=user.recovery_codes - {code_digest}), now=now)


def renew_recovery_codes(user: User, codes: frozenset[str], *, now: datetime) -> User:
    """Others; none of before is good."""
    return _changed(replace(user, recovery_codes=codes), now=now)


def nobody(address: str, *, region: str) -> str:
    """The id of no user, always the same for an address: whoever looks for it does the work that
    a user costs."""
    return ids.derive("usr", address, region=region)


def _cut(user: User, *, now: datetime) -> User:
    return replace(_changed(user, now=now), sessions_from=now, kept_session=None)


def _changed(user: User, *, now: datetime) -> User:
    return replace(user, sequence=user.sequence + 1, updated=now)
