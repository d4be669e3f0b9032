"""DELETE /users/me/addresses/{address_id}. Problems: 404 not_found."""

from typing import Any

from identity import problems
from identity.repository.users import AccountRepository
from identity.service.change_addresses import remove_address
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "DELETE",
    "/users/me/addresses/{address_id}",
    "Keep an address no more",
    scopes=("shop:buy",),
    responses={204: None},
    problems=(problems.NOT_FOUND,),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """Gone at once."""
    refused = remove_address(request.user.subject, request.path["address_id"], accounts, personal())
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
