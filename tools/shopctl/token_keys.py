"""The keys that sign tokens: which they are, and to have another one sign."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shop import clock
from tools.shopctl import services
from tools.shopctl.errors import Failed
from tools.shopctl.target import Target

if TYPE_CHECKING:  # services.at says where they are
    from identity.domain.token_keys import TokenKey, TokenKeySet
    from identity.service.rotate_token_keys import Outcome, RotationPorts

REFUSED = {
    "no_standby": "No key waits to take over in every region that signs. The schedule makes one "
    "within minutes of a deployment; its log, identity-rotate-token-keys, says why not.",
    "unknown_key": "No key of this name is trusted: show names them.",
    "changed_meanwhile": "The keys were changed at the same moment. Look at them, then try again.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What an operator sees of a key."""

    kid: str
    state: str  # signs, takes over, waits, trusted, old, revoked
    since: str
    arn: str


def show(target: Target) -> list[Shown]:
    """Every key that is known, in the order in which they sign."""
    with _rotation(target) as ports:
        now = clock.now()
        keys = ports.known(now)
        trusted = keys.trusted(now)
        return [_shown(key, keys, key in trusted) for key in keys.keys]


def rotate(target: Target) -> list[Shown]:
    """The key that waits takes over in two minutes."""
    with _rotation(target) as ports:
        from identity.service import rotate_token_keys

        _done(rotate_token_keys.rotate(ports, now=clock.now()))
    return show(target)


def revoke(target: Target, kid: str) -> list[Shown]:
    """No token by this key counts any more."""
    with _rotation(target) as ports:
        from identity.service import rotate_token_keys

        _done(rotate_token_keys.revoke(kid, ports, now=clock.now()))
    return show(target)


def _done(outcome: "Outcome") -> None:
    if outcome in REFUSED:
        raise Failed(REFUSED[outcome])


def _shown(key: "TokenKey", keys: "TokenKeySet", is_trusted: bool) -> Shown:
    now = clock.now()
    if key.revoked_at:
        state, since = "revoked", key.revoked_at
    elif key.signs_from is None:
        state, since = "waits", key.made_at
    elif key.signs_from > now:
        state, since = "takes over", key.signs_from
    elif key == keys.signing(now):
        state, since = "signs", key.signs_from
    else:
        state, since = ("trusted" if is_trusted else "old"), key.signs_from
    return Shown(key.public.kid, state, clock.rfc3339(since), key.arn)


@contextmanager
def _rotation(target: Target) -> Iterator["RotationPorts"]:
    with services.at(target, "identity"):
        from identity.clients.key_maker import KmsKeyMaker
        from identity.repository.token_keys import TokenKeyRepository
        from identity.service.rotate_token_keys import RotationPorts

        purpose = f"{target.table('identity')}-tokens"
        # The schedule makes keys and puts them into other regions; no command does.
        maker = KmsKeyMaker(purpose)
        first = target.client("kms").describe_key(KeyId=f"alias/{purpose}")["KeyMetadata"]["Arn"]
        yield RotationPorts(TokenKeyRepository(target.table("identity")), maker, first)
