"""GET /users/me/addresses: all of them, at most 20."""

from typing import Any

from identity import schemas
from identity.repository.users import AccountRepository
from shop.http import Link, Request, Response, Route, entrypoint

ROUTE = Route(
    "GET",
    "/users/me/addresses",
    "The caller's addresses, oldest first",
    scopes=("shop:buy",),
    responses={200: schemas.AddressListOut},
    links=(Link("get_address", {"address_id": "$response.body#/data/0/address_id"}),),
)

accounts = AccountRepository()


def handle(request: Request[Any]) -> Response:
    """One read."""
    return Response(200, schemas.AddressListOut.of(accounts.address_book(request.user.subject)))


handler = entrypoint(ROUTE, handle)
