"""POST /oauth2/consent: the form of the page on which a user agrees; a code goes to the client."""

from typing import Any

from identity import problems, schemas
from identity.service import authorize_client
from identity.settings import AuthorizationSettings, at_cold_start
from identity.wiring import authorization_ports, browser_of, sent_on
from shop import clock, pages
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "POST",
    "/oauth2/consent",
    "Agree that a client acts for one, or decline: the form of a page",
    auth="public",
    request=schemas.ConsentIn,
    form=True,
    responses={303: None},
    problems=(problems.INVALID_AUTHORIZATION,),
    errors="page",
    media_type=pages.MEDIA_TYPE,
    throttle=(50, 100),
)

ports = at_cold_start(lambda: authorization_ports(AuthorizationSettings.load()))


def handle(request: Request[Any]) -> Response | Problem:
    """Two reads and a put."""
    body: schemas.ConsentIn = request.body
    browser, now = browser_of(request), clock.now()
    decide = authorize_client.agree if body.decision == "allow" else authorize_client.decline
    return sent_on(decide(body.form, browser, ports(), now=now))


handler = entrypoint(ROUTE, handle)
