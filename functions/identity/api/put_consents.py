"""PUT /users/me/consents. Problems: 404 not_found."""

from typing import Any

from identity import problems, schemas
from identity.repository.users import AccountRepository
from identity.service.change_user import put_consents
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "PUT",
    "/users/me/consents",
    "Say what the caller agrees to; without the terms there is no account",
    scopes=("shop:buy",),
    request=schemas.Consents,
    responses={200: schemas.ConsentsOut},
    problems=(problems.NOT_FOUND,),
)

accounts = AccountRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat: what is said again keeps its time."""
    result = put_consents(
        request.user.subject,
        marketing=request.body.marketing,
        accounts=accounts,
        now=clock.now(),
        trace=request.trace,
    )
    return result if isinstance(result, Problem) else Response(200, schemas.ConsentsOut.of(result))


handler = entrypoint(ROUTE, handle)
