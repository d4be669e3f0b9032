"""GET /userinfo (OpenID Connect Core, 5.3). Problems: 404 not_found."""

from typing import Any

from identity import problems, schemas
from identity.domain.oauth_client import OPENID
from identity.repository.users import AccountRepository
from identity.service.change_user import NO_USER
from identity.service.seal_details import open_profile
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem
from shop.user_keys import Erased

ROUTE = Route(
    "GET",
    "/userinfo",
    "Who the user is, as far as the scopes of the token tell: `email`, `profile`",
    scopes=(OPENID,),
    responses={200: schemas.UserInfoOut},
    problems=(problems.NOT_FOUND,),
    ends_at_once=True,
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
    return Response(200, schemas.UserInfoOut.of(user.user_id, profile, request.user.scopes))


handler = entrypoint(ROUTE, handle)
