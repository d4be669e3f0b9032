"""GET /sessions: all that can go on."""

from typing import Any

from identity import schemas
from identity.domain.user import ANY_ROLE
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.end_sessions import live_sessions
from identity.service.seal_details import open_device
from identity.settings import PersonalSettings, at_cold_start
from identity.wiring import personal_data
from shop import clock
from shop.http import Link, Request, Response, Route, entrypoint

ROUTE = Route(
    "GET",
    "/sessions",
    "Where the caller is signed in, newest first",
    scopes=ANY_ROLE,
    responses={200: schemas.SessionListOut},
    links=(Link("delete_session", {"session_id": "$response.body#/data/0/session_id"}),),
)

accounts, sessions = AccountRepository(), SessionRepository()
personal = at_cold_start(lambda: personal_data(PersonalSettings.load()))


def handle(request: Request[Any]) -> Response:
    """One read of the user, one query."""
    caller = request.user
    found = live_sessions(caller.subject, accounts=accounts, sessions=sessions, now=clock.now())
    shown = [
        schemas.SessionOut.of(each, open_device(each, personal()), current=caller.session_id)
        for each in found
    ]
    return Response(200, schemas.SessionListOut(data=shown))


handler = entrypoint(ROUTE, handle)
