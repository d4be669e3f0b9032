"""POST /users/me/addresses. Problems: 404 not_found, 409 too_many_addresses."""

from typing import Any

from identity import problems, schemas
from identity.repository.users import AccountRepository
from identity.service.change_addresses import add_address
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock, ids
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem

_ONE = {"address_id": "$response.body#/address_id"}
ROUTE = Route(
    "POST",
    "/users/me/addresses",
    "Keep an address; one that says the same is not kept twice",
    scopes=("shop:buy",),
    request=schemas.SavedAddressIn,
    responses={201: schemas.SavedAddressOut},
    problems=(problems.NOT_FOUND, problems.TOO_MANY_ADDRESSES),
    links=(Link("get_address", _ONE), Link("change_address", _ONE), Link("delete_address", _ONE)),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat."""
    subject = request.user.subject
    result = add_address(
        subject,
        request.body.model_dump(),
        accounts,
        personal(),
        region=ids.region_of(subject),
        now=clock.now(),
    )
    if isinstance(result, Problem):
        return result
    return Response(201, schemas.SavedAddressOut.of(result))


handler = entrypoint(ROUTE, handle)
