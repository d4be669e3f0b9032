"""Keeps the keys that sign tokens: always one that waits, the old ones away, a new one in time.

Each step is one conditional write of the whole set, so that of two who do the same one does it. A
run that was interrupted anywhere is gone on with by the next.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from identity.domain.token_keys import TokenKey, TokenKeySet
from identity.service.ports import KeyMaker, TokenKeys

# Longer than a run, its retries included, and than KMS takes to heed a new key's tags.
MAKING_TAKES = timedelta(minutes=10)


class Outcome(StrEnum):
    """What a step came to."""

    NOTHING = "nothing"
    MADE = "made"
    REPLICATED = "replicated"
    ROTATED = "rotated"
    REVOKED = "revoked"
    DELETED = "deleted"
    CHANGED_MEANWHILE = "changed_meanwhile"
    BEING_MADE = "being_made"
    BEING_REPLICATED = "being_replicated"
    NO_STANDBY = "no_standby"
    UNKNOWN_KEY = "unknown_key"


@dataclass(frozen=True, slots=True)
class RotationPorts:
    """What rotation needs. `first_key_arn`: the key of the stage's template, never deleted here;
    `replica_regions`: where else every key has to be before it signs."""

    sets: TokenKeys
    maker: KeyMaker
    first_key_arn: str
    replica_regions: tuple[str, ...] = ()

    def known(self, now: datetime) -> TokenKeySet:
        """The set as it is kept, or as it is before it is kept for the first time."""
        found = self.sets.get()
        if found is not None:
            return found
        public = self.maker.public(self.first_key_arn)
        if public is None:
            raise LookupError(f"KMS does not let us read {self.first_key_arn}")
        return TokenKeySet.of_first(self.first_key_arn, public, now=now)


def keep(ports: RotationPorts, *, now: datetime) -> Outcome:
    """The one step that is due: what the clock asks for."""
    keys = ports.known(now)
    if keys.standby is None:
        return _make(keys, ports, now)
    for region in ports.replica_regions:
        if lacking := keys.not_in(region, now):
            return _replicate(keys, lacking, region, ports, now)
    if keys.is_rotation_due(now):
        return _kept(keys.rotated(now), ports, Outcome.ROTATED)
    if gone := keys.outlived(now):
        return _delete(keys, gone, ports)
    return Outcome.NOTHING


def rotate(ports: RotationPorts, *, now: datetime) -> Outcome:
    """The key that waits signs two minutes from now, however young it is."""
    keys = ports.known(now)
    if not keys.can_take_over(now):
        return Outcome.NO_STANDBY
    return _kept(keys.rotated(now), ports, Outcome.ROTATED)


def revoke(kid: str, ports: RotationPorts, *, now: datetime) -> Outcome:
    """A key is trusted no more. Whoever has a token by it has to refresh. The key that signs is
    revoked only where another one is published to sign next, which does so at once."""
    keys = ports.known(now)
    if kid not in [key.public.kid for key in keys.trusted(now)]:
        return Outcome.UNKNOWN_KEY
    if keys.signing(now).public.kid == kid and keys.successor(now) is None:
        return Outcome.NO_STANDBY
    return _kept(keys.revoked(kid, now), ports, Outcome.REVOKED)


def _make(keys: TokenKeySet, ports: RotationPorts, now: datetime) -> Outcome:
    """It is written down that a key is made before it is made: if nobody hears that it was, it is
    found by its mark."""
    mark = keys.making_since
    if mark is None:
        marked = replace(keys, making_since=now)
        if not ports.sets.keep(marked):
            return Outcome.CHANGED_MEANWHILE
        keys = replace(marked, version=keys.version + 1)
        arn = ports.maker.make(now)
    elif now < mark + MAKING_TAKES:
        return Outcome.BEING_MADE
    else:
        arn = ports.maker.made(mark) or ports.maker.make(mark)
    public = ports.maker.public(arn)
    if public is None:
        return Outcome.BEING_MADE
    made = TokenKey(arn, public, made_at=now)
    whole = replace(keys, keys=(*keys.keys, made), making_since=None)
    return _kept(whole, ports, Outcome.MADE)


def _replicate(
    keys: TokenKeySet, lacking: TokenKey, region: str, ports: RotationPorts, now: datetime
) -> Outcome:
    """It is written down after it was done: who does it again finds it done. A key that is no
    longer new and still cannot be replicated is a fault: none would ever take over."""
    if not ports.maker.replicate(lacking.arn, region):
        if now >= lacking.made_at + MAKING_TAKES:
            raise LookupError(f"KMS does not let us replicate {lacking.arn} to {region}")
        return Outcome.BEING_REPLICATED
    return _kept(keys.replicated(lacking.public.kid, region), ports, Outcome.REPLICATED)


def _delete(keys: TokenKeySet, gone: list[TokenKey], ports: RotationPorts) -> Outcome:
    for key in gone:
        if key.arn != ports.first_key_arn:
            ports.maker.delete(key.arn, key.replicas)
    return _kept(keys.without(gone), ports, Outcome.DELETED)


def _kept(keys: TokenKeySet, ports: RotationPorts, outcome: Outcome) -> Outcome:
    return outcome if ports.sets.keep(keys) else Outcome.CHANGED_MEANWHILE
