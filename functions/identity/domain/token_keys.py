"""The keys that sign access tokens, one after the other, and the times that keep every token valid
while one takes over from another.

A key is published before it signs and trusted after it signed, so no verifier meets a token whose
key it could not know, and none that lives outlasts the trust in its key. Who signs is decided by
the clock and a time that everybody read beforehand: there is no moment of change to be missed.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shop.text import base64url, compact_json

ALGORITHM = "ES256"
SIGNS_FOR = timedelta(days=90)
# Before it takes over by itself: who caches our key set for a day knows it by then.
PUBLISHED_FOR = timedelta(hours=24)
# From the decision until it signs: twice as long as any process keeps what it read of the keys.
TAKES_OVER_AFTER = timedelta(minutes=2)
# After it signed last; tokens live for ten minutes.
TRUSTED_FOR = timedelta(hours=1)
# And until KMS is asked to delete it, which waits for a week more.
KEPT_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of P-256: its coordinates in base64url, as a JWK has them."""

    x: str
    y: str

    @property
    def kid(self) -> str:
        """RFC 7638: SHA-256 over the required members in order of their names.

        By hand: joserfc's would double what the routes that sign have to import.
        """
        members = {"crv": "P-256", "kty": "EC", "x": self.x, "y": self.y}
        text = compact_json(members, sort_keys=True)
        return base64url(hashlib.sha256(text.encode()).digest())

    def jwk(self) -> dict[str, str]:
        """RFC 7517."""
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": self.x,
            "y": self.y,
            "kid": self.kid,
            "use": "sig",
            "alg": ALGORITHM,
        }


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key of KMS and when it signs; `signs_from` None: it is published and waits.

    `replicas`: the other regions where it is, and signs the same.
    """

    arn: str
    public: PublicKey
    made_at: datetime
    signs_from: datetime | None = None
    revoked_at: datetime | None = None
    replicas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenKeySet:
    """All keys that are known, in the order in which they sign; at most the last one waits.

    `making_since`: a key is being made, and is marked with this time.
    """

    keys: tuple[TokenKey, ...]
    version: int = 0
    making_since: datetime | None = None

    @classmethod
    def of_first(cls, arn: str, public: PublicKey, *, now: datetime) -> "TokenKeySet":
        """Before anything was ever rotated: the key that the stage was deployed with."""
        return cls((TokenKey(arn, public, made_at=now, signs_from=now),))

    def signing(self, now: datetime) -> TokenKey:
        """The key that signs."""
        begun = [key for key in self._sound() if _began(key, now)]
        # Before the first one began there is a clock that is late, and still one key to sign with.
        return begun[-1] if begun else next(self._sound())

    @property
    def standby(self) -> TokenKey | None:
        """The one that waits."""
        last = self.keys[-1]
        return last if last.signs_from is None and last.revoked_at is None else None

    def successor(self, now: datetime) -> TokenKey | None:
        """The one that signs next: it waits, or its time is set and has not come."""
        last = self.keys[-1]
        return None if _began(last, now) or last.revoked_at else last

    def trusted(self, now: datetime) -> list[TokenKey]:
        """By whose signatures a token is valid: what is published."""
        return [
            key
            for key, ended in self._ends()
            if key.revoked_at is None and (ended is None or now < ended + TRUSTED_FOR)
        ]

    def outlived(self, now: datetime) -> list[TokenKey]:
        """Those that nothing needs any more."""
        return [key for key, ended in self._ends() if ended and now >= ended + KEPT_FOR]

    def not_in(self, region: str, now: datetime) -> TokenKey | None:
        """The first key that signs or will, and is not in that region."""
        signing = self.signing(now)
        later = [key for key in self._sound() if key == signing or not _began(key, now)]
        return next((key for key in later if region not in key.replicas), None)

    def replicated(self, kid: str, region: str) -> "TokenKeySet":
        """With one of them in that region."""
        keys = tuple(
            replace(key, replicas=(*key.replicas, region)) if key.public.kid == kid else key
            for key in self.keys
        )
        return replace(self, keys=keys)

    def can_take_over(self, now: datetime) -> bool:
        """Whether one waits that is wherever the one is that signs."""
        waiting = self.standby
        return waiting is not None and set(self.signing(now).replicas) <= set(waiting.replicas)

    def is_rotation_due(self, now: datetime) -> bool:
        """The key that signs is old, and the next one was published for long enough."""
        waiting, signing = self.standby, self.signing(now)
        return (
            waiting is not None
            and signing.signs_from is not None
            and now >= signing.signs_from + SIGNS_FOR
            and now >= waiting.made_at + PUBLISHED_FOR
        )

    def rotated(self, now: datetime) -> "TokenKeySet":
        """The one that waits signs soon."""
        return self._with_next(now + TAKES_OVER_AFTER)

    def without(self, gone: Sequence[TokenKey]) -> "TokenKeySet":
        """Without some that were outlived."""
        return replace(self, keys=tuple(key for key in self.keys if key not in gone))

    def revoked(self, kid: str, now: datetime) -> "TokenKeySet":
        """One that is trusted no more, from now on; the one that waits steps in at once where it
        signed. The caller sees to it that another one is left."""
        signed = self.signing(now).public.kid == kid
        changed = self._with_next(now) if signed and self.successor(now) else self
        keys = tuple(
            replace(key, revoked_at=now) if key.public.kid == kid else key for key in changed.keys
        )
        return replace(changed, keys=keys)

    def _with_next(self, signs_from: datetime) -> "TokenKeySet":
        return replace(self, keys=(*self.keys[:-1], replace(self.keys[-1], signs_from=signs_from)))

    def _sound(self) -> Iterator[TokenKey]:
        return (key for key in self.keys if key.revoked_at is None)

    def _ends(self) -> Iterator[tuple[TokenKey, datetime | None]]:
        """Each key and when it signs no more: as soon as a later one does, or it was revoked."""
        for number, key in enumerate(self.keys):
            later = [each.signs_from for each in self.keys[number + 1 :] if _signs(each)]
            yield key, key.revoked_at or min((at for at in later if at), default=None)


def _began(key: TokenKey, now: datetime) -> bool:
    return key.signs_from is not None and key.signs_from <= now


def _signs(key: TokenKey) -> bool:
    """Whether it ever signed, or will."""
    return key.signs_from is not None and (
        key.revoked_at is None or key.revoked_at > key.signs_from
    )
