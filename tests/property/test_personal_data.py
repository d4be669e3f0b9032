"""A sealed message opens for its own user and row, whole, or not at all."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.identifiers import Algorithm
from hypothesis import given
from hypothesis import strategies as st

from shop import personal_data
from shop.personal_data import Person, Unreadable

KEY, OTHER_KEY = bytes(range(32)), bytes(32)
ADA = Person("usr_use1_0000000000000000000000000a", "orders", KEY)
ROW = "ord_use1_00000000000000000000000001"
SEALED = ADA.seal({"name": "Ada Example", "phone": None}, row=ROW)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(autouse=True, scope="module")
def quiet() -> Iterator[None]:
    """The SDK logs a traceback of its own for whatever it refuses."""
    logger = logging.getLogger("aws_encryption_sdk")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


@given(fields=st.dictionaries(st.text(), JSON, max_size=6))
def test_what_was_sealed_comes_back(fields: dict[str, Any]) -> None:
    assert ADA.open(ADA.seal(fields, row=ROW), row=ROW) == fields


@pytest.mark.parametrize(
    ("person", "row"),
    [
        (Person(ADA.user_id, "orders", OTHER_KEY), ROW),
        (Person("usr_use1_0000000000000000000000000b", "orders", KEY), ROW),
        (Person(ADA.user_id, "payments", KEY), ROW),
        (ADA, "ord_use1_00000000000000000000000002"),
    ],
    ids=["another key", "another user", "another table", "another row"],
)
def test_it_opens_for_nobody_else_and_nowhere_else(person: Person, row: str) -> None:
    with pytest.raises(Unreadable):
        person.open(SEALED, row=row)


@given(bit=st.integers(0, len(SEALED) * 8 - 1))
def test_one_bit_that_is_changed_spoils_it(bit: int) -> None:
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        ADA.open(bytes(changed), row=ROW)


@given(size=st.integers(0, len(SEALED) - 1))
def test_a_part_of_it_is_none_of_it(size: int) -> None:
    with pytest.raises(Unreadable):
        ADA.open(SEALED[:size], row=ROW)


@given(garbage=st.binary(max_size=400))
def test_what_was_never_sealed_does_not_open(garbage: bytes) -> None:
    with pytest.raises(Unreadable):
        ADA.open(garbage, row=ROW)


@pytest.mark.parametrize(
    ("policy", "suite"),
    [
        (
            CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
            Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA256,
        ),
        (
            CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
            Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
        ),
    ],
    ids=["no commitment", "another suite"],
)
def test_a_message_with_another_commitment_does_not_open(
    policy: CommitmentPolicy, suite: Algorithm
) -> None:
    """Though it was made with the right key and for the right row."""
    message, _ = EncryptionSDKClient(commitment_policy=policy).encrypt(
        source=b'{"name": "Ada"}',
        key_provider=personal_data._master_key(KEY),
        encryption_context=ADA._context(ROW),
        algorithm=suite,
    )
    with pytest.raises(Unreadable):
        ADA.open(message, row=ROW)


def test_a_refusal_and_a_person_show_neither_key_nor_content() -> None:
    with pytest.raises(Unreadable) as caught:
        ADA.open(SEALED, row="ord_2")
    assert "Ada Example" not in repr(caught.value)
    assert repr(KEY) not in repr(ADA)


@given(text=st.text(), other=st.text())
def test_a_digest_is_of_its_text_and_of_its_user(text: str, other: str) -> None:
    assert (ADA.digest(text) == ADA.digest(other)) == (text == other)
    assert ADA.digest(text) != Person(ADA.user_id, "orders", OTHER_KEY).digest(text)


def test_the_same_fields_never_give_the_same_message() -> None:
    assert ADA.seal({"name": "Ada"}, row=ROW) != ADA.seal({"name": "Ada"}, row=ROW)
