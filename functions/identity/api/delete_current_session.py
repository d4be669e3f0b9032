"""DELETE /sessions/current: sign out. Problems: 404 not_found."""

from typing import Any

from identity import problems
from identity.domain.user import ANY_ROLE
from identity.repository.sessions import SessionRepository
from identity.service.end_sessions import end_session
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "DELETE",
    "/sessions/current",
    "Sign out: end the session that asks",
    scopes=ANY_ROLE,
    responses={204: None},
    problems=(problems.NOT_FOUND,),
)

sessions = SessionRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat."""
    caller = request.user
    refused = end_session(
        caller.subject, caller.session_id, sessions, now=clock.now(), trace=request.trace
    )
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
