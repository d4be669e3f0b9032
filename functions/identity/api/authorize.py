"""GET /oauth2/authorize: a client asks a user to agree; the page on which they sign in."""

from typing import Any

from identity import problems, schemas
from identity.service import authorize_client, render_page
from identity.service.authorize_client import Question
from identity.settings import AuthorizationSettings, at_cold_start
from identity.wiring import authorization_ports, browser_of, cookie_of, sent_on
from shop import clock, pages
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/oauth2/authorize",
    "Ask a user to agree that a registered client acts for them: a page",
    auth="public",
    query=schemas.AuthorizationQuery,
    responses={200: None, 303: None},
    problems=(problems.INVALID_AUTHORIZATION,),
    errors="page",
    media_type=pages.MEDIA_TYPE,
    throttle=(50, 100),
)

ports = at_cold_start(lambda: authorization_ports(AuthorizationSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """One read. Nothing is stored before there is a code."""
    browser = browser_of(request)
    result = authorize_client.begin(request.query.model_dump(), browser, ports(), now=clock.now())
    if isinstance(result, Question):
        return render_page.sign_in(result, cookie=cookie_of(browser))
    return sent_on(result)


handler = entrypoint(ROUTE, handle)
