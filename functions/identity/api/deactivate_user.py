"""POST /users/me/deactivate. Problems: 401 step_up_required, 404 not_found."""

from typing import Any

from identity import problems
from identity.repository.users import AccountRepository
from identity.service.change_user import deactivate
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.step_up import OWN_ACCOUNT

ROUTE = Route(
    "POST",
    "/users/me/deactivate",
    "Close the caller's account: all sessions end, and nobody signs in",
    scopes=("shop:buy",),
    responses={204: None},
    problems=(problems.NOT_FOUND,),
    ends_at_once=True,
    step_up=OWN_ACCOUNT,
)

accounts = AccountRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat."""
    result = deactivate(request.user.subject, accounts, now=clock.now(), trace=request.trace)
    return result if isinstance(result, Problem) else Response(204)


handler = entrypoint(ROUTE, handle)
