"""Who works here: make staff, close accounts and open them again, reset second factors.

By the rules of identity and with its own rows. An account is looked up by the keyed hash of its
address; addresses and passwords stand in no output and no log.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from infra.stages import TOKEN_KEPT_S
from shop import clock, trace
from tools.shopctl import services
from tools.shopctl.errors import Failed, Unusable
from tools.shopctl.target import Target

if TYPE_CHECKING:  # Models take their table's name when they are made: services.at
    from identity.domain.user import User
    from identity.service.create_staff import AccountPorts
    from identity.service.ports import PersonalData

ROLES = ("admin", "finance", "ops")
UNDER_WAY = timedelta(seconds=30)  # no request takes longer
KEPT = timedelta(seconds=TOKEN_KEPT_S)
NOBODY = "There is no account with this address."


@dataclass(frozen=True, slots=True)
class Account:
    """What an operator sees of an account. `is_new`: this command made it so."""

    user_id: str
    role: str
    status: str
    is_new: bool
    changed_by: str
    tokens_end_at: str = ""

    @classmethod
    def of(
        cls,
        user: "User",
        personal: "PersonalData",
        *,
        is_new: bool = False,
        tokens_end_at: str = "",
    ) -> "Account":
        from identity.service.seal_details import open_profile
        from shop.user_keys import Erased

        profile = open_profile(user, personal)
        by = "" if isinstance(profile, Erased) else profile.changed_by or ""
        return cls(user.user_id, user.role.value, user.status.value, is_new, by, tokens_end_at)


def generated() -> str:
    """A password of 144 random bits."""
    return secrets.token_urlsafe(18)


def checked(email: str, password: str) -> None:
    """Raises Unusable for what `POST /users` would not take."""
    from identity.schemas import RegisterIn

    body: dict[str, Any] = {"email": email, "password": password, "consents": {"terms": True}}
    try:
        RegisterIn.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in found["loc"]) or "password"
        raise Unusable(f"{name}: {found['msg']}.") from None


def add(target: Target, email: str, password: str, *, role: str) -> Account:
    """Make a user of this role. Raises Failed if the address has an account of another kind."""
    with _identity(target) as (by, operator):
        checked(email, password)
        from identity.domain.mailed_token import Applicant
        from identity.domain.user import Role
        from identity.service.create_staff import create_staff

        user, is_new = create_staff(
            Applicant(email),
            password,
            by,
            role=Role(role),
            operator=operator,
            now=clock.now(),
            trace=trace.from_header(None),
        )
        if not user.is_active:
            raise Failed(
                f"{user.user_id} is {user.status}: `shopctl staff enable` lets it in again."
            )
        if user.role.value != role:
            raise Failed(f"{user.user_id} exists, with the role {user.role}: nothing was changed.")
        return Account.of(user, by.personal, is_new=is_new)


def disable(target: Target, email: str) -> Account:
    """End an account, of staff or of a customer."""
    with _identity(target) as (by, operator):
        from identity.service.change_access import disable_user

        now = clock.now()
        found = disable_user(email, by, operator=operator, now=now, trace=trace.from_header(None))
        if found is None:
            raise Failed(NOBODY)
        user, is_new = found
        # What the gateway has just heard of a token it keeps.
        ends = (user.sessions_from or now) + KEPT + UNDER_WAY
        return Account.of(user, by.personal, is_new=is_new, tokens_end_at=clock.rfc3339(ends))


def enable(target: Target, email: str, password: str) -> Account:
    """Let a disabled account in again, with another password."""
    with _identity(target) as (by, operator):
        checked(email, password)
        from identity.service.change_access import enable_user

        now = clock.now()
        found = enable_user(
            email, password, by, operator=operator, now=now, trace=trace.from_header(None)
        )
        if found is None:
            raise Failed(NOBODY)
        return Account.of(found[0], by.personal, is_new=found[1])


def reset_factor(target: Target, email: str) -> tuple[Account, int]:
    """Remove the second factors of who has lost theirs, of staff or of a customer; how many."""
    with _identity(target) as (by, operator):
        from identity.repository.factors import FactorRepository
        from identity.service.remove_factor import reset_factors

        now, traced = clock.now(), trace.from_header(None)
        found = reset_factors(
            email, by, FactorRepository(), operator=operator, now=now, trace=traced
        )
        if found is None:
            raise Failed(NOBODY)
        user, number = found
        ends = clock.rfc3339(now + KEPT + UNDER_WAY) if number else ""
        account = Account.of(user, by.personal, is_new=number > 0, tokens_end_at=ends)
        return account, number


def show(target: Target, email: str) -> Account:
    """An account as it is."""
    with _identity(target) as (by, _):
        from identity.service.change_access import find

        user = find(email, accounts=by.accounts, mac=by.mac)
        if user is None:
            raise Failed(NOBODY)
        return Account.of(user, by.personal)


@contextmanager
def _identity(target: Target) -> Iterator[tuple["AccountPorts", str]]:
    """What its use cases need, and who the operator is."""
    operator = services.operator(target)
    with services.at(target, "identity", "user_keys"):
        from identity.clients.argon2_passwords import Argon2Passwords
        from identity.clients.kms import EmailHasher
        from identity.repository.users import AccountRepository
        from identity.service.create_staff import AccountPorts
        from shop.personal_data import PersonalData
        from shop.user_keys import UserKeys

        key = f"alias/{target.table('identity')}-email-mac"
        ports = AccountPorts(
            accounts=AccountRepository(),
            mac=EmailHasher(key),
            passwords=Argon2Passwords(),
            personal=PersonalData("identity", UserKeys(f"alias/{target.table('user_keys')}")),
            region=target.region,
        )
        yield ports, operator
