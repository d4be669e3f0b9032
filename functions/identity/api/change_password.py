"""PUT /users/me/password. Problems: 401 step_up_required, 404 not_found, 422 wrong_password,
429 rate_limited.
"""

from typing import Any

from identity import problems, schemas
from identity.clients.argon2_passwords import Argon2Passwords
from identity.clients.kms import NetworkHasher
from identity.domain import sign_in_attempts
from identity.domain.user import ANY_ROLE
from identity.repository.counters import AttemptRepository
from identity.repository.users import AccountRepository
from identity.service.change_password import PasswordChange, PasswordPorts, change_password
from identity.settings import AccountSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import OWN_ACCOUNT

ROUTE = Route(
    "PUT",
    "/users/me/password",
    "Set another password; all other sessions end",
    scopes=ANY_ROLE,
    request=schemas.ChangePasswordIn,
    responses={204: None},
    problems=(problems.NOT_FOUND, problems.WRONG_PASSWORD, problems.RATE_LIMITED),
    ends_at_once=True,
    step_up=OWN_ACCOUNT,
    quotas=sign_in_attempts.QUOTAS,
)


@at_cold_start
def ports() -> PasswordPorts:
    """The composition root of this function."""
    settings = AccountSettings.load()
    return PasswordPorts(
        accounts=AccountRepository(),
        attempts=AttemptRepository(),
        networks=NetworkHasher(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
        personal=personal_data(settings),
    )


def handle(request: Request[Any]) -> Response | Problem:
    """Change it."""
    body: schemas.ChangePasswordIn = request.body
    change = PasswordChange(
        current=body.current_password.get_secret_value(),
        new=body.new_password.get_secret_value(),
        session_id=request.user.session_id,
        source_ip=request.source_ip,
    )
    refused = change_password(
        request.user.subject, change, ports(), now=clock.now(), trace=request.trace
    )
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
