"""Software of others: registered clients, for themselves and for who agreed."""

from functools import partial
from typing import Any

from shop import clock
from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions, people
from tests.faults.journeys.registry import journey
from tests.support import gateway
from tests.support.gateway import Reply
from tests.support.oauth_clients import (
    BROWSER,
    REDIRECT,
    VERIFIER,
    Partner,
    agreed,
    asserted,
    assertion,
    authorization_query,
    form_of,
    registered,
    with_key,
)

TOKEN = ("identity.create_token", "/oauth2/token")
INTROSPECT = ("identity.introspect_token", "/oauth2/introspect")
REVOKE = ("identity.revoke_token", "/oauth2/revoke")
ITSELF = {"grant_type": "client_credentials"}


def _client(world: FaultEnvironment) -> None:
    """A client with a secret."""
    world.seen["partner"] = registered(clock.now())


def _agreed(world: FaultEnvironment) -> None:
    """And a customer who agreed that it acts for them."""
    _client(world)
    people.registered(world)
    code = agreed(clock.now(), world.seen["partner"], world.seen["user_id"])
    world.seen["code"] = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT,
        "code_verifier": VERIFIER,
    }


def _with_tokens(world: FaultEnvironment) -> None:
    """And the tokens that it got for that."""
    _agreed(world)
    world.seen["tokens"] = _ask(world, world.seen["code"]).json


def _ask(
    world: FaultEnvironment, form: dict[str, str], at: tuple[str, str] = TOKEN, **options: Any
) -> Reply:
    function, path = at
    headers = world.seen["partner"].basic
    return actions.public(world, function, "POST", path, form=form, headers=headers, **options)


@journey(firm=True, given=_client, answers=[200, 200])
def client_token(world: FaultEnvironment) -> None:
    """For itself, by its secret; and the gateway asks whose it is."""
    token = _ask(world, ITSELF).json.get("access_token", "")
    asked = {"methodArn": people.METHOD_ARN, "authorizationToken": f"Bearer {token}"}
    world.ask("identity.authorizer", asked)


@journey(firm=True, given=_client, answers=[401, 401, 401])
def client_refused(world: FaultEnvironment) -> None:
    """By a wrong secret, wherever it is sent."""
    world.seen["partner"] = Partner(world.seen["partner"].client, "wrong")
    for at in (TOKEN, INTROSPECT, REVOKE):
        _ask(world, ITSELF | {"token": "x"}, at)


@journey(firm=True, answers=[200, 200, 200])
def client_asserted(world: FaultEnvironment) -> None:
    """By an assertion that it signed, a new one each time that it asks."""
    partner = with_key(clock.now(), "ES256")

    def act(function: str, path: str) -> Reply:
        form = ITSELF | {"token": "x"} | asserted(assertion(partner, clock.now()))
        sent = gateway.event("POST", path, form=form, sub=None)
        result = world.shop.interceptor.call(function, sent)
        return Reply(result["statusCode"], result["headers"], result["body"])

    for function, path in (TOKEN, INTROSPECT, REVOKE):
        world.send(f"POST {path}", partial(act, function, path))


@journey(given=_agreed, answers=[200])
def redeem_code(world: FaultEnvironment) -> None:
    """What a customer agreed to becomes tokens. If the answer is lost, the code was used."""
    _ask(world, world.seen["code"])
    world.shop.deliver()


@journey(given=_with_tokens, answers=[400, 400])
def code_replayed(world: FaultEnvironment) -> None:
    """A code that comes again ends the session that it began."""
    _ask(world, world.seen["code"])
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": world.seen["tokens"]["refresh_token"],
    }
    _ask(world, refresh)
    world.shop.deliver()


@journey(firm=True, given=_with_tokens, answers=[200])
def client_refresh(world: FaultEnvironment) -> None:
    """New tokens for who agreed; a repeat gets the same."""
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": world.seen["tokens"]["refresh_token"],
    }
    _ask(world, refresh, same="refresh_token")


@journey(firm=True, given=_with_tokens, answers=[200, 200, 200, 200])
def introspect_and_revoke(world: FaultEnvironment) -> None:
    """What its tokens are worth, and their end."""
    tokens = world.seen["tokens"]
    for at in (INTROSPECT, REVOKE):
        _ask(world, {"token": tokens["access_token"]}, at)
        _ask(world, {"token": tokens["refresh_token"]}, at)
    world.shop.deliver()


def _on_a_page(world: FaultEnvironment, name: str, path: str, **fields: str) -> Reply:
    form = {"form": world.seen["form"], "decision": "allow", **fields}
    headers = {"Cookie": f"__Host-browser={BROWSER}"}
    reply = actions.public(world, f"identity.{name}", "POST", path, form=form, headers=headers)
    world.seen["form"] = form_of(reply.text) or world.seen["form"]
    return reply


@journey(firm=True, given=_agreed, answers=[200, 200, 303])
def agree_to_client(world: FaultEnvironment) -> None:
    """A customer signs in on the page and agrees."""
    query = authorization_query(world.seen["partner"])
    headers = {"Cookie": f"__Host-browser={BROWSER}"}
    page = actions.public(
        world, "identity.authorize", "GET", "/oauth2/authorize", query=query, headers=headers
    )
    world.seen["form"] = form_of(page.text)
    secret = {"email": actions.EMAIL, "password": actions.PASSWORD}
    _on_a_page(world, "authorize_login", "/oauth2/login", **secret)
    _on_a_page(world, "authorize_consent", "/oauth2/consent")


@journey(firm=True, given=people.registered, answers=[200])
def userinfo(world: FaultEnvironment) -> None:
    """Who the user is, as far as they agreed that it is told."""
    caller = {"sub": world.seen["user_id"], "scope": "openid email"}
    actions.call(world, "identity.get_userinfo", "GET", "/userinfo", **caller)


@journey(firm=True, answers=[200, 200])
def discovery(world: FaultEnvironment) -> None:
    """What clients have to know of the provider."""
    for name, path in (
        ("openid_configuration", "openid-configuration"),
        ("oauth_metadata", "oauth-authorization-server"),
    ):
        actions.public(world, f"identity.{name}", "GET", f"/.well-known/{path}")
