"""GET /users/me/addresses/{address_id}. Problems: 404 not_found."""

from typing import Any

from identity import problems, schemas
from identity.repository.users import AccountRepository
from identity.service.change_addresses import NO_ADDRESS
from identity.service.seal_details import open_addresses
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.user_keys import Erased

ROUTE = Route(
    "GET",
    "/users/me/addresses/{address_id}",
    "One of the caller's addresses",
    scopes=("shop:buy",),
    responses={200: schemas.SavedAddressOut},
    problems=(problems.NOT_FOUND,),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """One read."""
    book = open_addresses(accounts.address_book(request.user.subject), personal())
    found = None if isinstance(book, Erased) else book.find(request.path["address_id"])
    return NO_ADDRESS if found is None else Response(200, schemas.SavedAddressOut.of(found))


handler = entrypoint(ROUTE, handle)
