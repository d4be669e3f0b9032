"""GET /users/me. Problems: 404 not_found."""

from typing import Any

from identity import problems, schemas
from identity.domain.user import ANY_ROLE
from identity.repository.users import AccountRepository
from identity.service.change_user import NO_USER, version_of
from identity.service.seal_details import open_profile
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.user_keys import Erased

ROUTE = Route(
    "GET",
    "/users/me",
    "Who the caller is, and what they agreed to",
    scopes=ANY_ROLE,
    responses={200: schemas.UserOut, 304: None},
    problems=(problems.NOT_FOUND,),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """One read, and the user's key."""
    user = accounts.get(request.user.subject)
    if user is None:
        return NO_USER
    profile = open_profile(user, personal())
    if isinstance(profile, Erased):
        return NO_USER
    return Response(200, schemas.UserOut.of(user, profile), etag=version_of(user))


handler = entrypoint(ROUTE, handle)
