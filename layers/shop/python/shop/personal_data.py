"""Personal data at rest: sealed under its user's own key, so that destroying the key erases it.

One message of the AWS Encryption SDK holds all personal fields of a row. It names its user and its
row and opens for no other. Importing this loads the SDK, from the layer `personal`: only functions
that seal or open do so (ADR 0030).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import Algorithm, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKey

from shop.text import compact_json
from shop.user_keys import Erased, UserKeys

# Commits to its key, so that no message opens to two texts. Not signed: who seals can also open.
_SUITE = Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
_WRAPPING = WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING
_PROVIDER, _KEY_NAME = "user", b"1"
_DIGESTS = b"cartwright digests 1"
_sdk = EncryptionSDKClient(
    commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT, max_encrypted_data_keys=1
)


class Unreadable(Exception):
    """A sealed message that is damaged, or of another user, row or key. It says nothing of it."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user with their key: seals and opens what is personal in rows of one table."""

    user_id: str
    table: str
    key: bytes = field(repr=False)

    def seal(self, fields: Mapping[str, Any], *, row: str) -> bytes:
        """These fields (JSON values) as one message for the row with this id."""
        return seal(self.key, fields, self._context(row))

    def open(self, sealed: bytes, *, row: str) -> dict[str, Any]:
        """The fields again. Raises Unreadable if they were sealed for another row or person."""
        return open_sealed(self.key, sealed, self._context(row))

    def for_table(self, table: str) -> "Person":
        """The same person, for rows of another table."""
        return replace(self, table=table)

    def digest(self, text: str) -> str:
        """An HMAC under the user's key. It tells the same text from another; without the key, as
        after an erasure, nobody can try whether a guess is right.
        """
        own = hmac.digest(self.key, _DIGESTS, hashlib.sha256)
        made = hmac.digest(own, text.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    def _context(self, row: str) -> dict[str, str]:
        return {"user": self.user_id, "row": f"{self.table}/{row}"}


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What is personal in the rows of one table. shop.user_keys says what it costs and raises."""

    table: str
    keys: UserKeys

    def to_seal(self, user_id: str) -> Person | Erased:
        """Whose data is to be written; their key is made now if they have none."""
        return self._person(user_id, self.keys.find_or_make(user_id))

    def to_open(self, user_id: str) -> Person | Erased:
        """Whose data was written before."""
        return self._person(user_id, self.keys.find(user_id))

    def _person(self, user_id: str, key: bytes | Erased) -> Person | Erased:
        return key if isinstance(key, Erased) else Person(user_id, self.table, key)


def seal(key: bytes, fields: Mapping[str, Any], context: Mapping[str, str]) -> bytes:
    """One message; about 300 bytes more than its fields. The context stands in it readable."""
    message, _header = _sdk.encrypt(
        source=compact_json(dict(fields)).encode(),
        key_provider=_master_key(key),
        encryption_context=dict(context),
        algorithm=_SUITE,
    )
    sealed: bytes = message
    return sealed


def open_sealed(key: bytes, sealed: bytes, context: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a message that was sealed with this key in this context, else Unreadable."""
    try:
        plain, header = _sdk.decrypt(source=sealed, key_provider=_master_key(key))
    except Exception as error:  # The SDK lets through what its parsers and its cipher raise.
        raise Unreadable(type(error).__name__) from None
    # It proves that the context in the message is the one it was sealed in, not which one that is.
    if header.encryption_context != dict(context):
        raise Unreadable("sealed for another row")
    fields: dict[str, Any] = json.loads(plain)
    return fields


def _master_key(key: bytes) -> RawMasterKey:
    wrapping = WrappingKey(
        wrapping_algorithm=_WRAPPING,
        wrapping_key=key,
        wrapping_key_type=EncryptionKeyType.SYMMETRIC,
    )
    return RawMasterKey(provider_id=_PROVIDER, key_id=_KEY_NAME, wrapping_key=wrapping)
