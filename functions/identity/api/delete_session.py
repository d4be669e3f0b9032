"""DELETE /sessions/{session_id}. Problems: 404 not_found."""

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
    "/sessions/{session_id}",
    "End one of the caller's sessions",
    scopes=ANY_ROLE,
    responses={204: None},
    problems=(problems.NOT_FOUND,),
    ends_at_once=True,
)

sessions = SessionRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat."""
    refused = end_session(
        request.user.subject,
        request.path["session_id"],
        sessions,
        now=clock.now(),
        trace=request.trace,
    )
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
