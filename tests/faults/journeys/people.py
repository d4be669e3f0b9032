"""Accounts, sessions, tokens."""

from argon2 import PasswordHasher

from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.registry import journey
from tests.support import dynamodb

METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:cartwright/local/GET/orders"


def registered(world: FaultEnvironment) -> None:
    """A customer."""
    actions.register(world)


def signed_in(world: FaultEnvironment) -> None:
    """With a session."""
    registered(world)
    world.seen["token"] = actions.sign_in(world).json["refresh_token"]


def _outdated(world: FaultEnvironment) -> None:
    """Whose password was hashed by weaker parameters."""
    registered(world)
    [user] = [row for row in dynamodb.rows("identity") if str(row["pk"]).startswith("USER#")]
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(actions.PASSWORD)
    dynamodb.change("identity", str(user["pk"]), "USER", password_hash=weak)


def _with_token(world: FaultEnvironment) -> None:
    """And an access token."""
    registered(world)
    world.seen["access"] = actions.sign_in(world).json["access_token"]


@journey(firm=True, answers=[202])
def register(world: FaultEnvironment) -> None:
    """Make an account."""
    actions.register(world)
    world.shop.deliver()


@journey(firm=True, given=registered, answers=[202])
def register_again(world: FaultEnvironment) -> None:
    """The address is taken, and nobody is told."""
    actions.register(world)


@journey(given=registered, answers=[201, 200])
def sign_in(world: FaultEnvironment) -> None:
    """Open a session, and use its token."""
    token = actions.sign_in(world).json.get("access_token", "")
    world.shop.deliver()
    asked = {"methodArn": METHOD_ARN, "authorizationToken": f"Bearer {token}"}
    world.ask("identity.authorizer", asked)


@journey(given=_with_token, answers=[200])
def authorize(world: FaultEnvironment) -> None:
    """The gateway asks, in a process that knows no key yet."""
    asked = {"methodArn": METHOD_ARN, "authorizationToken": f"Bearer {world.seen['access']}"}
    world.ask("identity.authorizer", asked)


@journey(firm=True, given=registered, answers=[401])
def sign_in_refused(world: FaultEnvironment) -> None:
    """By a wrong password."""
    actions.sign_in(world, "not the password")


@journey(firm=True, given=_outdated, answers=[201])
def sign_in_rehashed(world: FaultEnvironment) -> None:
    """The hash is replaced by one of today's parameters."""
    actions.sign_in(world)


@journey(firm=True, given=signed_in, answers=[200, 200])
def refresh(world: FaultEnvironment) -> None:
    """Twice, each time with the newest token."""
    token = actions.refresh(world, world.seen["token"]).json.get("refresh_token", "")
    actions.refresh(world, token)


@journey(firm=True, given=signed_in, answers=[200, 401, 401])
def refresh_replayed(world: FaultEnvironment) -> None:
    """A token that was replaced long ago ends the session."""
    token = actions.refresh(world, world.seen["token"]).json.get("refresh_token", "")
    world.pass_time(minutes=5)
    actions.refresh(world, world.seen["token"])
    actions.refresh(world, token)
    world.shop.deliver()


@journey(firm=True, answers=[200])
def keys(world: FaultEnvironment) -> None:
    """The public keys."""
    actions.public(world, "identity.jwks", "GET", "/.well-known/jwks.json")
