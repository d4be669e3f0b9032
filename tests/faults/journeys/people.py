"""Accounts, sessions, tokens."""

from datetime import timedelta
from typing import Any

from argon2 import PasswordHasher
from pyotp import TOTP

from identity.repository.token_keys import TokenKeyRepository
from shop import clock
from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import actions
from tests.faults.journeys.registry import journey
from tests.support import dynamodb, inbox
from tests.support.checkout_scenario import ADDRESS, ROTATION
from tests.support.gateway import Reply

FACTORS = "/mfa/factors"
METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:cartwright/local/GET/orders"


ROUNDS = 4  # of a schedule, each of one step
OTHER = "another long sentence"
ADDRESSES = "/users/me/addresses"


def applied(world: FaultEnvironment) -> None:
    """Somebody asked for an account and got the mail."""
    actions.register(world)
    world.shop.deliver()
    world.seen["mailed"] = inbox.token_to(actions.EMAIL)


def registered(world: FaultEnvironment) -> None:
    """A customer."""
    world.seen["user_id"] = actions.join(world)


def forgot(world: FaultEnvironment) -> None:
    """A customer who has forgotten the password and got the mail."""
    registered(world)
    actions.ask(world, "identity.forgot_password", "/password/forgot")
    world.shop.deliver()
    world.seen["mailed"] = inbox.token_to(actions.EMAIL)


def signed_in(world: FaultEnvironment) -> None:
    """With a session."""
    registered(world)
    tokens = actions.sign_in(world).json
    world.seen["token"], world.seen["sid"] = tokens["refresh_token"], tokens["session_id"]


def _outdated(world: FaultEnvironment) -> None:
    """Whose password was hashed by weaker parameters."""
    registered(world)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(actions.PASSWORD)
    dynamodb.change("identity", f"USER#{world.seen['user_id']}", "USER", password_hash=weak)


def _with_token(world: FaultEnvironment) -> None:
    """And an access token."""
    registered(world)
    world.seen["access"] = actions.sign_in(world).json["access_token"]


@journey(firm=True, answers=[202])
def register(world: FaultEnvironment) -> None:
    """Ask for an account: the mail comes."""
    actions.register(world)
    world.shop.deliver()


@journey(firm=True, given=registered, answers=[202])
def register_again(world: FaultEnvironment) -> None:
    """The address is taken, and its owner alone is told."""
    actions.register(world)
    world.shop.deliver()


@journey(firm=True, given=applied, answers=[202])
def resend(world: FaultEnvironment) -> None:
    """The link comes once more."""
    actions.ask(world, "identity.resend_verification", "/users/verify/resend")
    world.shop.deliver()


@journey(firm=True, given=applied, answers=[200])
def verify(world: FaultEnvironment) -> None:
    """Prove the address."""
    actions.verify(world, world.seen["mailed"])
    world.shop.deliver()


@journey(firm=True, given=registered, answers=[202])
def forget_password(world: FaultEnvironment) -> None:
    """The link that sets another comes."""
    actions.ask(world, "identity.forgot_password", "/password/forgot")
    world.shop.deliver()


@journey(firm=True, given=forgot, answers=[204])
def reset_password(world: FaultEnvironment) -> None:
    """Set another by the mailed token."""
    actions.reset(world, world.seen["mailed"], OTHER)
    world.shop.deliver()


@journey(firm=True, given=registered, answers=[204])
def change_password(world: FaultEnvironment) -> None:
    """Set another by the current one."""
    body = {"current_password": actions.PASSWORD, "new_password": OTHER}
    _own(world, "identity.change_password", "PUT", "/users/me/password", body=body)
    world.shop.deliver()


@journey(firm=True, given=registered, answers=[200, 200, 200])
def change_profile(world: FaultEnvironment) -> None:
    """Look at it, change it, and what was agreed to."""
    _own(world, "identity.get_profile", "GET", "/users/me")
    _own(world, "identity.change_profile", "PATCH", "/users/me", body={"name": "Ada"})
    consents = {"terms": True, "marketing": True}
    _own(world, "identity.put_consents", "PUT", "/users/me/consents", body=consents)
    world.shop.deliver()


@journey(firm=True, given=registered, answers=[201, 200, 200, 200])
def keep_addresses(world: FaultEnvironment) -> None:
    """Keep one, look at it and at all, change it."""
    added = _own(world, "identity.add_address", "POST", ADDRESSES, body=ADDRESS)
    address_id = added.json.get("address_id", "adr_use1_" + "0" * 26)
    one = {"path_parameters": {"address_id": address_id}}
    path = f"{ADDRESSES}/{address_id}"
    _own(world, "identity.get_address", "GET", path, **one)
    _own(world, "identity.list_addresses", "GET", ADDRESSES)
    _own(world, "identity.change_address", "PATCH", path, body={"line2": "Attic"}, **one)


def _with_address(world: FaultEnvironment) -> None:
    """Who keeps one."""
    registered(world)
    added = _own(world, "identity.add_address", "POST", ADDRESSES, body=ADDRESS)
    world.seen["address_id"] = added.json["address_id"]


@journey(given=_with_address, answers=[204])
def delete_address(world: FaultEnvironment) -> None:
    """Keep it no more; a repeat finds that it is gone."""
    one = {"address_id": world.seen["address_id"]}
    path = f"{ADDRESSES}/{world.seen['address_id']}"
    _own(world, "identity.delete_address", "DELETE", path, path_parameters=one)


@journey(firm=True, given=registered, answers=[204])
def deactivate(world: FaultEnvironment) -> None:
    """Close the account."""
    _own(world, "identity.deactivate_user", "POST", "/users/me/deactivate")
    world.shop.deliver()


def enrolling(world: FaultEnvironment) -> None:
    """Somebody was told the secret of a second factor."""
    signed_in(world)
    begun = _own(world, "identity.enrol_factor", "POST", FACTORS, body={"type": "totp"}).json
    world.seen["factor_id"], world.seen["secret"] = begun["factor_id"], begun["secret"]


def protected(world: FaultEnvironment) -> None:
    """Whose factor counts; the code of a step ago confirmed it."""
    enrolling(world)
    confirmed = _confirm(world, seconds_ago=30).json
    world.seen["recovery_code"] = confirmed["recovery_codes"][0]


def _confirm(world: FaultEnvironment, *, seconds_ago: int = 0, code: str = "") -> Reply:
    one = {"factor_id": world.seen["factor_id"]}
    path = f"{FACTORS}/{one['factor_id']}/confirm"
    body = {"code": code or _code(world, seconds_ago=seconds_ago)}
    return _own(world, "identity.confirm_factor", "POST", path, body=body, path_parameters=one)


def _code(world: FaultEnvironment, *, seconds_ago: int = 0) -> str:
    return TOTP(world.seen["secret"]).at(clock.now() - timedelta(seconds=seconds_ago))


def _answered(world: FaultEnvironment, **answer: str) -> None:
    asked = _own(world, "identity.challenge_factor", "POST", "/mfa/challenge", body={}).json
    body = {"challenge_id": asked.get("challenge_id", "cha_use1_" + "0" * 26), **answer}
    _own(world, "identity.verify_factor", "POST", "/mfa/verify", body=body)
    world.shop.deliver()


@journey(firm=True, given=signed_in, answers=[201])
def enrol_factor(world: FaultEnvironment) -> None:
    """Be told the secret of a second factor."""
    _own(world, "identity.enrol_factor", "POST", FACTORS, body={"type": "totp"})


@journey(firm=True, given=enrolling, answers=[200])
def confirm_factor(world: FaultEnvironment) -> None:
    """Let it count, and be told so by mail."""
    _confirm(world)
    world.shop.deliver()


def enrolling_mailbox(world: FaultEnvironment) -> None:
    """Somebody was mailed a code."""
    signed_in(world)
    begun = _own(world, "identity.enrol_factor", "POST", FACTORS, body={"type": "email"}).json
    world.shop.deliver()
    world.seen["factor_id"], world.seen["code"] = begun["factor_id"], inbox.code_to(actions.EMAIL)


def by_mail(world: FaultEnvironment) -> None:
    """Whose mailbox counts."""
    enrolling_mailbox(world)
    _confirm(world, code=world.seen["code"])


@journey(firm=True, given=signed_in, answers=[201])
def enrol_mailbox(world: FaultEnvironment) -> None:
    """Be mailed a code."""
    _own(world, "identity.enrol_factor", "POST", FACTORS, body={"type": "email"})
    world.shop.deliver()


@journey(firm=True, given=enrolling_mailbox, answers=[200])
def confirm_mailbox(world: FaultEnvironment) -> None:
    """Type it."""
    _confirm(world, code=world.seen["code"])


@journey(given=by_mail, answers=[202, 200])
def prove_mailbox(world: FaultEnvironment) -> None:
    """Be mailed another one, and raise the session by it."""
    asked = _own(world, "identity.challenge_factor", "POST", "/mfa/challenge", body={}).json
    world.shop.deliver()
    challenge_id = asked.get("challenge_id", "cha_use1_" + "0" * 26)
    body = {"challenge_id": challenge_id, "code": inbox.code_to(actions.EMAIL)}
    _own(world, "identity.verify_factor", "POST", "/mfa/verify", body=body)


@journey(given=protected, answers=[202, 200])
def prove_factor(world: FaultEnvironment) -> None:
    """Raise the session by a code; who repeats it after a lost answer finds it used."""
    _answered(world, code=_code(world))


@journey(given=protected, answers=[202, 200])
def use_recovery_code(world: FaultEnvironment) -> None:
    """The same by a code on paper."""
    _answered(world, recovery_code=world.seen["recovery_code"])


@journey(firm=True, given=protected, answers=[200, 201, 204])
def keep_factors(world: FaultEnvironment) -> None:
    """Look at them, print codes anew, let one go."""
    _own(world, "identity.list_factors", "GET", FACTORS)
    _own(world, "identity.renew_recovery_codes", "POST", "/mfa/recovery-codes")
    one = {"factor_id": world.seen["factor_id"]}
    path = f"{FACTORS}/{one['factor_id']}"
    _own(world, "identity.remove_factor", "DELETE", path, path_parameters=one)
    world.shop.deliver()


def _own(world: FaultEnvironment, function: str, method: str, path: str, **options: Any) -> Reply:
    caller = {"sub": world.seen["user_id"], "sid": world.seen.get("sid", "ses_1")}
    return actions.call(world, function, method, path, **caller, **options)


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
    """A token that was replaced comes from elsewhere and ends the session."""
    token = actions.refresh(world, world.seen["token"]).json.get("refresh_token", "")
    actions.refresh(world, world.seen["token"], source_ip="198.51.100.66")
    actions.refresh(world, token)
    world.shop.deliver()


@journey(firm=True, given=signed_in, answers=[200, 204, 204])
def end_session(world: FaultEnvironment) -> None:
    """See where one is signed in, and end that and this."""
    _own(world, "identity.list_sessions", "GET", "/sessions")
    one = {"session_id": world.seen["sid"]}
    path = f"/sessions/{world.seen['sid']}"
    _own(world, "identity.delete_session", "DELETE", path, path_parameters=one)
    _own(world, "identity.delete_current_session", "DELETE", "/sessions/current")
    world.shop.deliver()


@journey(firm=True, given=signed_in, answers=[204])
def sign_out(world: FaultEnvironment) -> None:
    """End the session that asks."""
    _own(world, "identity.delete_current_session", "DELETE", "/sessions/current")
    world.shop.deliver()


@journey(firm=True, given=signed_in, answers=[204])
def end_all_sessions(world: FaultEnvironment) -> None:
    """Sign out everywhere."""
    _own(world, "identity.delete_sessions", "DELETE", "/sessions")
    world.shop.deliver()


@journey(firm=True, answers=[200])
def keys(world: FaultEnvironment) -> None:
    """The public keys."""
    actions.public(world, "identity.jwks", "GET", "/.well-known/jwks.json")


def _rotated_before(world: FaultEnvironment) -> None:
    """Two keys signed for their time and are old, and so is the third."""
    for _ in range(3):
        world.pass_time(days=91)
        for _ in range(ROUNDS):
            world.run(ROTATION)


@journey(firm=True)
def make_token_key(world: FaultEnvironment) -> None:
    """The first run of a stage: the key that will sign next is made."""
    world.run(ROTATION)
    world.afterwards = lambda: _rotates_on(world)


@journey(firm=True, given=_rotated_before)
def rotate_token_keys(world: FaultEnvironment) -> None:
    """The next key takes over, one more is made, an old one deleted."""
    world.pass_time(days=91)
    for _ in range(ROUNDS):
        world.run(ROTATION)
    world.afterwards = lambda: _rotates_on(world)


def _rotates_on(world: FaultEnvironment) -> None:
    """Whatever happened, later runs come to a key that signs and one that waits."""
    for _ in range(ROUNDS):
        world.pass_time(minutes=11)
        world.run(ROTATION)
    keys = TokenKeyRepository("identity").get()
    assert keys is not None
    assert keys.making_since is None
    assert keys.standby is not None
    assert keys.signing(clock.now()) != keys.standby
