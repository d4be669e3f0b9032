"""DELETE /sessions: sign out everywhere. Problems: 404 not_found."""

from typing import Any

from identity import problems
from identity.domain.user import ANY_ROLE
from identity.repository.users import AccountRepository
from identity.service.end_sessions import end_all_sessions
from shop import clock
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "DELETE",
    "/sessions",
    "Sign out everywhere: end all of the caller's sessions, this one too",
    scopes=ANY_ROLE,
    responses={204: None},
    problems=(problems.NOT_FOUND,),
    ends_at_once=True,
)

accounts = AccountRepository()


def handle(request: Request[Any]) -> Response | Problem:
    """Safe to repeat."""
    refused = end_all_sessions(request.user.subject, accounts, now=clock.now(), trace=request.trace)
    return refused or Response(204)


handler = entrypoint(ROUTE, handle)
