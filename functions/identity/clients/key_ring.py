"""The keys that are trusted, as a process keeps them."""

import time
from dataclasses import dataclass

from identity.clients import kms
from identity.domain.token_keys import PublicKey, TokenKey, TokenKeySet
from identity.service.ports import TokenKeys
from shop import aws, clock

# Half of TAKES_OVER_AFTER: every process knows who signs next before it does.
KEPT_S = 60.0
# A key that is not known may be newer than what is kept. So often a stranger makes us look.
LOOKS_AGAIN_AFTER_S = 2.0


# What was read of a stage's keys, by its first one, and when.
_kept: dict[str, tuple[float, TokenKeySet]] = {}


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Implements service.Signer. `first_key_arn` signs until there was a rotation."""

    first_key_arn: str
    sets: TokenKeys

    def current(self) -> kms.KmsKey:
        """The key that signs. One GetItem a minute; before the first rotation also GetPublicKey."""
        key = self._keys(not_older_than_s=KEPT_S).signing(clock.now())
        # The row names keys of the region where they were made, and is read in each.
        return kms.KmsKey(kms.in_region(key.arn, aws.own_region()), key.public.kid)

    def public_key(self, kid: str) -> PublicKey | None:
        """A trusted key by its name."""
        for not_older_than_s in (KEPT_S, LOOKS_AGAIN_AFTER_S):
            for key in self._keys(not_older_than_s=not_older_than_s).trusted(clock.now()):
                if key.public.kid == kid:
                    return key.public
        return None

    def trusted(self) -> list[TokenKey]:
        """All that may have signed a token, and the one that will sign next."""
        return self._keys(not_older_than_s=KEPT_S).trusted(clock.now())

    def _keys(self, *, not_older_than_s: float) -> TokenKeySet:
        read_at, kept = _kept.get(self.first_key_arn, (0.0, None))
        if kept is None or time.monotonic() - read_at > not_older_than_s:
            kept = self._read(kept)
            _kept[self.first_key_arn] = (time.monotonic(), kept)
        return kept

    def _read(self, kept: TokenKeySet | None) -> TokenKeySet:
        found = self.sets.get()
        if found is not None:
            return found
        if kept is not None and kept.version == 0:
            return kept
        public = kms.public_key(self.first_key_arn)
        return TokenKeySet.of_first(self.first_key_arn, public, now=clock.now())


def forget() -> None:
    """Forget what was read: for tests."""
    _kept.clear()
