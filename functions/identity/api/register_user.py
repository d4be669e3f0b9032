"""POST /users. The answer is the same whether or not the address is taken."""

from typing import Any

from identity import schemas, service
from identity.keys import AddressMac
from identity.passwords import Argon2Passwords
from identity.repository import AccountRepository
from identity.settings import AddressSettings, at_cold_start
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
    throttle=(20, 40),
)


@at_cold_start
def registrar() -> service.Registrar:
    """The composition root of this function."""
    settings = AddressSettings.load()
    return service.Registrar(
        accounts=AccountRepository(),
        mac=AddressMac(settings.email_mac_key_arn),
        passwords=Argon2Passwords(),
        region=settings.home_region,
    )


def handle(request: Request[Any]) -> Response:
    """Register."""
    body: schemas.RegisterIn = request.body
    applicant = service.Applicant(
        email=body.email,
        password=body.password.get_secret_value(),
        name=body.profile.name,
        locale=body.profile.locale,
        marketing=body.consents.marketing,
    )
    user_id = service.register(applicant, registrar(), now=clock.now(), trace=request.trace)
    return Response(202, schemas.RegisteredOut(user_id=user_id, status="pending_verification"))


handler = entrypoint(ROUTE, handle)
