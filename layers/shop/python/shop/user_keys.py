"""The data key of each user, under which what is personal of them is sealed (ADR 0030).

`USER#<user_id>`/`KEY` of the table `user_keys` holds it wrapped by a KMS key, which opens it for
this user only: the id is the encryption context. Made once, on first use, and never again: the row
of an erased user says so and holds none. What was sealed can then be opened by nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from shop import aws, clock, tables

# How long a process still opens what belongs to somebody who is erased meanwhile.
KEPT_FOR = timedelta(minutes=5)
MOST_KEPT = 500
SIZE = "AES_256"
_kept: "dict[str, _Kept]" = {}


@dataclass(frozen=True, slots=True)
class Erased:
    """The user is erased: nothing of them can be opened, and nothing more may be sealed."""


@dataclass(frozen=True, slots=True)
class _Kept:
    key: "bytes | Erased"
    at: datetime


class KeyLost(LookupError):
    """Something was sealed for a user who has neither a key nor been erased: a row is gone."""


class UserKeyItem(tables.TableModel):
    """A user's key, or that there is none any more."""

    Meta = tables.meta("user_keys")

    wrapped_key = BinaryAttribute(null=True, legacy_encoding=False)
    created_at = UnicodeAttribute(null=True)
    erased_at = UnicodeAttribute(null=True)


@dataclass(frozen=True, slots=True)
class UserKeys:
    """Keys wrapped by the KMS key of this ARN.

    One GetItem and one Decrypt for a user in a process and five minutes. KMS or the table being
    away is a fault that shop.dependencies knows: without its key nothing is written in clear.
    """

    wrapping_key_arn: str

    def find(self, user_id: str) -> bytes | Erased:
        """The key by which something was sealed before. Raises KeyLost if there never was one."""
        known = _recall(user_id)
        if known is not None:
            return known
        item = _read(user_id)
        if item is None:
            raise KeyLost("there is no key of this user")
        return _keep(user_id, self._open(user_id, item))

    def find_or_make(self, user_id: str) -> bytes | Erased:
        """The key to seal with; the first time one GenerateDataKey and one conditional put more."""
        known = _recall(user_id)
        if known is not None:
            return known
        item = _read(user_id)
        made = self._make(user_id) if item is None else self._open(user_id, item)
        return _keep(user_id, made)

    def _make(self, user_id: str) -> bytes | Erased:
        answer = aws.client("kms").generate_data_key(
            KeyId=self.wrapping_key_arn, KeySpec=SIZE, EncryptionContext=_context(user_id)
        )
        item = UserKeyItem(
            *_key(user_id),
            wrapped_key=answer["CiphertextBlob"],
            created_at=clock.rfc3339(clock.now()),
        )
        refused = tables.put(item, UserKeyItem.pk.does_not_exist())
        if refused is None:
            key: bytes = answer["Plaintext"]
            return key
        if refused.item is None:
            raise KeyLost("the key that was there is gone")
        # Another request was first, or our own put whose answer was lost: that key is the user's.
        return self._open(user_id, tables.from_raw(UserKeyItem, refused.item))

    def _open(self, user_id: str, item: UserKeyItem) -> bytes | Erased:
        if item.wrapped_key is None:
            return Erased()
        answer = aws.client("kms").decrypt(
            KeyId=self.wrapping_key_arn,
            CiphertextBlob=item.wrapped_key,
            EncryptionContext=_context(user_id),
        )
        key: bytes = answer["Plaintext"]
        return key


def erase(user_id: str, *, now: datetime) -> bool:
    """Destroy the user's key for good, whether there is one or not; False if that was done before.

    Other processes open what they have the key of for up to KEPT_FOR, and backups of the table hold
    the key as long as they are kept. It asks nothing: whoever erases somebody has ended their
    orders and payments before.
    """
    actions = [
        UserKeyItem.erased_at.set(clock.rfc3339(now)),
        UserKeyItem.wrapped_key.remove(),
    ]
    not_erased = UserKeyItem.erased_at.does_not_exist()
    refused = tables.update(UserKeyItem(*_key(user_id)), actions, not_erased)
    _kept.pop(user_id, None)
    return refused is None


def remember(user_id: str, key: bytes) -> None:
    """Take this for the user's key: for tests and tools."""
    _keep(user_id, key)


def forget() -> None:
    """Forget every key, as a new process does: for tests."""
    _kept.clear()


def _read(user_id: str) -> UserKeyItem | None:
    """Strongly consistent: a key that was made a moment ago must be found."""
    try:
        return UserKeyItem.get(*_key(user_id), consistent_read=True)
    except UserKeyItem.DoesNotExist:
        return None


def _key(user_id: str) -> tuple[str, str]:
    return f"USER#{user_id}", "KEY"


def _context(user_id: str) -> dict[str, str]:
    return {"user_id": user_id}


def _recall(user_id: str) -> bytes | Erased | None:
    found = _kept.get(user_id)
    if found is None or not found.at <= clock.now() < found.at + KEPT_FOR:
        return None
    return found.key


def _keep(user_id: str, key: bytes | Erased) -> bytes | Erased:
    """The oldest makes room."""
    _kept.pop(user_id, None)
    _kept[user_id] = _Kept(key, clock.now())
    if len(_kept) > MOST_KEPT:
        _kept.pop(next(iter(_kept)))
    return key
