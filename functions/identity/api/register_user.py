"""POST /users. The answer is the same whether or not the address is taken."""

from typing import Any

from identity import schemas
from identity.clients.argon2_passwords import Argon2Passwords
from identity.clients.kms import EmailHasher
from identity.repository.users import AccountRepository
from identity.service import register_user
from identity.settings import EmailSettings, at_cold_start
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint

ROUTE = Route(
    "POST",
    "/users",
    "Register with an e-mail address and a password",
    auth="public",
    request=schemas.RegisterIn,
    responses={202: schemas.RegisteredOut},
    links=(
        Link(
            "create_session",
            body={"email": "$request.body#/email", "password": "$request.body#/password"},
        ),
    ),
    throttle=(50, 100),
)


@at_cold_start
def ports() -> register_user.RegistrationPorts:
    """The composition root of this function."""
    settings = EmailSettings.load()
    return register_user.RegistrationPorts(
        accounts=AccountRepository(),
        mac=EmailHasher(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
        region=settings.home_region,
    )


def handle(request: Request[Any]) -> Response:
    """Register."""
    body: schemas.RegisterIn = request.body
    applicant = register_user.Applicant(
        email=body.email,
        password=body.password.get_secret_value(),
        name=body.profile.name,
        locale=body.profile.locale,
        marketing=body.consents.marketing,
    )
    user_id = register_user.register(applicant, ports(), now=clock.now(), trace=request.trace)
    return Response(202, schemas.RegisteredOut(user_id=user_id, status="pending_verification"))


handler = entrypoint(ROUTE, handle)
