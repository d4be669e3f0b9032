"""Accounts, sessions, tokens."""

from argon2 import PasswordHasher

from tests.faults.journeys import acts
from tests.faults.journeys.registry import journey
from tests.faults.world import World
from tests.support import dynamodb

METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:cartwright/local/GET/orders"


def registered(world: World) -> None:
    """A customer."""
    acts.register(world)


def signed_in(world: World) -> None:
    """With a session."""
    registered(world)
    world.seen["token"] = acts.sign_in(world).json["refresh_token"]


def _outdated(world: World) -> None:
    """Whose password was hashed by weaker parameters."""
    registered(world)
    [user] = [row for row in dynamodb.rows("identity") if str(row["pk"]).startswith("USER#")]
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(acts.PASSWORD)
    dynamodb.change("identity", str(user["pk"]), "USER", password_hash=weak)


def _with_token(world: World) -> None:
    """And an access token."""
    registered(world)
    world.seen["access"] = acts.sign_in(world).json["access_token"]


@journey(firm=True, answers=[202])
def register(world: World) -> None:
    """Make an account."""
    acts.register(world)
    world.shop.deliver()


@journey(firm=True, given=registered, answers=[202])
def register_again(world: World) -> None:
    """The address is taken, and nobody is told."""
    acts.register(world)


@journey(given=registered, answers=[201, 200])
def sign_in(world: World) -> None:
    """Open a session, and use its token."""
    token = acts.sign_in(world).json.get("access_token", "")
    world.shop.deliver()
    asked = {"methodArn": METHOD_ARN, "authorizationToken": f"Bearer {token}"}
    world.ask("identity.authorizer", asked)


@journey(given=_with_token, answers=[200])
def authorize(world: World) -> None:
    """The gateway asks, in a process that knows no key yet."""
    asked = {"methodArn": METHOD_ARN, "authorizationToken": f"Bearer {world.seen['access']}"}
    world.ask("identity.authorizer", asked)


@journey(firm=True, given=registered, answers=[401])
def sign_in_refused(world: World) -> None:
    """By a wrong password."""
    acts.sign_in(world, "not the password")


@journey(firm=True, given=_outdated, answers=[201])
def sign_in_rehashed(world: World) -> None:
    """The hash is replaced by one of today's parameters."""
    acts.sign_in(world)


@journey(firm=True, given=signed_in, answers=[200, 200])
def refresh(world: World) -> None:
    """Twice, each time with the newest token."""
    token = acts.refresh(world, world.seen["token"]).json.get("refresh_token", "")
    acts.refresh(world, token)


@journey(firm=True, given=signed_in, answers=[200, 401, 401])
def refresh_replayed(world: World) -> None:
    """A token that was replaced long ago ends the session."""
    token = acts.refresh(world, world.seen["token"]).json.get("refresh_token", "")
    world.pass_time(minutes=5)
    acts.refresh(world, world.seen["token"])
    acts.refresh(world, token)
    world.shop.deliver()


@journey(firm=True, answers=[200])
def keys(world: World) -> None:
    """The public keys."""
    acts.public(world, "identity.jwks", "GET", "/.well-known/jwks.json")
