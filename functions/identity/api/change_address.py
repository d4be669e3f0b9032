"""PATCH /users/me/addresses/{address_id}. Problems: 404 not_found."""

from typing import Any

from identity import problems, schemas
from identity.repository.users import AccountRepository
from identity.service.change_addresses import change_address
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "PATCH",
    "/users/me/addresses/{address_id}",
    "Change lines of an address (RFC 7396)",
    scopes=("shop:buy",),
    request=schemas.AddressPatch,
    responses={200: schemas.SavedAddressOut},
    problems=(problems.NOT_FOUND,),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """Change what was sent."""
    body: schemas.AddressPatch = request.body
    result = change_address(
        request.user.subject,
        request.path["address_id"],
        body.model_dump(include=body.model_fields_set),
        accounts,
        personal(),
    )
    if isinstance(result, Problem):
        return result
    return Response(200, schemas.SavedAddressOut.of(result))


handler = entrypoint(ROUTE, handle)
