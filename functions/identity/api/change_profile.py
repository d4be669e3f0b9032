"""PATCH /users/me. Problems: 404 not_found, 412 precondition_failed."""

from typing import Any

from identity import problems, schemas
from identity.repository.users import AccountRepository
from identity.service.change_user import change_profile, version_of
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Request, Response, Route, entrypoint, if_match
from shop.problems import Problem

ROUTE = Route(
    "PATCH",
    "/users/me",
    "Change name and locale (RFC 7396); with If-Match only what was read",
    scopes=("shop:buy",),
    request=schemas.ProfilePatch,
    responses={200: schemas.UserOut},
    problems=(problems.NOT_FOUND, problems.PRECONDITION_FAILED),
)

accounts = AccountRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """Change what was sent."""
    body: schemas.ProfilePatch = request.body
    result = change_profile(
        request.user.subject,
        body.model_dump(include=body.model_fields_set),
        accounts,
        personal(),
        versions=if_match(request),
        now=clock.now(),
        trace=request.trace,
    )
    if isinstance(result, Problem):
        return result
    user, profile = result
    return Response(200, schemas.UserOut.of(user, profile), etag=version_of(user))


handler = entrypoint(ROUTE, handle)
