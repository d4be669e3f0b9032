"""GET /users/me/addresses: all of them, at most 20."""

from typing import Any

from identity import problems, schemas
from identity.repository.users import AccountRepository
from identity.service.change_user import NO_USER
from identity.service.seal_details import open_addresses
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop.http import Link, Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.user_keys import Erased

ROUTE = Route(
    "GET",
    "/users/me/addresses",
    "The caller's addresses, oldest first",
    scopes=("shop:buy",),
    responses={200: schemas.AddressListOut},
    problems=(problems.NOT_FOUND,),
    links=(Link("get_address", {"address_id": "$response.body#/data/0/address_id"}),),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """One read, and the user's key if there are any."""
    book = open_addresses(accounts.address_book(request.user.subject), personal())
    if isinstance(book, Erased):
        return NO_USER
    return Response(200, schemas.AddressListOut.of(book))


handler = entrypoint(ROUTE, handle)
