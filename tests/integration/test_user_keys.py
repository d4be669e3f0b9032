"""Keys of users in their table and behind KMS: made once, opened for their user, destroyed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from shop import aws, clock, user_keys
from shop.dependencies import is_unavailable
from shop.personal_data import Person, PersonalData
from shop.user_keys import Erased, KeyLost, UserKeys
from tests.support import dynamodb

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ADA, BOB = "usr_use1_0000000000000000000000000a", "usr_use1_0000000000000000000000000b"


@pytest.fixture
def keys(moto_aws: None) -> Iterator[UserKeys]:
    dynamodb.create("user_keys")
    made = boto3.client("kms", region_name="us-east-1").create_key()
    user_keys.forget()
    yield UserKeys(made["KeyMetadata"]["Arn"])
    user_keys.forget()


@pytest.fixture
def asked(keys: UserKeys) -> list[str]:
    """The calls to AWS."""
    found: list[str] = []
    for name in ("dynamodb", "kms"):
        aws.client(name).meta.events.register_first(
            f"before-call.{name}", lambda model, **_: found.append(model.name)
        )
    return found


def again(keys: UserKeys, user_id: str = ADA) -> bytes | Erased:
    """As another process finds it."""
    user_keys.forget()
    return keys.find(user_id)


def test_a_key_is_made_on_first_use_and_is_the_users_from_then_on(keys: UserKeys) -> None:
    made = keys.find_or_make(ADA)
    assert isinstance(made, bytes)
    assert len(made) == 32
    assert again(keys) == made
    user_keys.forget()
    assert keys.find_or_make(ADA) == made
    assert keys.find_or_make(BOB) != made


def test_the_table_holds_no_key_that_opens_anything(keys: UserKeys) -> None:
    made = keys.find_or_make(ADA)
    assert isinstance(made, bytes)
    [row] = dynamodb.rows("user_keys")
    assert made not in bytes(row["wrapped_key"])
    assert set(row) == {"pk", "sk", "wrapped_key", "created_at"}


def test_a_wrapped_key_opens_for_its_own_user_only(keys: UserKeys) -> None:
    keys.find_or_make(ADA)
    keys.find_or_make(BOB)
    wrapped = {str(row["pk"]): row["wrapped_key"] for row in dynamodb.rows("user_keys")}
    dynamodb.change("user_keys", f"USER#{BOB}", "KEY", wrapped_key=wrapped[f"USER#{ADA}"])
    with pytest.raises(ClientError, match="InvalidCiphertext"):
        again(keys, BOB)


def test_of_two_that_make_it_at_once_one_wins_and_both_have_its_key(
    keys: UserKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    first: list[bytes | Erased] = []

    def nothing_yet(user_id: str) -> None:
        """The other request comes between our look and our put."""
        monkeypatch.undo()
        first.append(UserKeys(keys.wrapping_key_arn).find_or_make(user_id))
        user_keys.forget()

    monkeypatch.setattr(user_keys, "_read", nothing_yet)
    assert [keys.find_or_make(ADA)] == first
    assert len(dynamodb.rows("user_keys")) == 1


def test_a_process_asks_once_for_a_user_and_again_after_five_minutes(
    keys: UserKeys, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = NOW
    monkeypatch.setattr(clock, "now", lambda: at)
    keys.find_or_make(ADA)
    assert asked == ["GetItem", "GenerateDataKey", "PutItem"]
    # A clock that was put back tells nothing of an age.
    for minutes, asks in ((4, False), (5, True), (9, False), (10, True), (-60, True)):
        del asked[:]
        at = NOW + timedelta(minutes=minutes)
        keys.find(ADA)
        assert asked == (["GetItem", "Decrypt"] if asks else []), minutes


def test_a_process_keeps_so_many_keys_and_no_more(
    keys: UserKeys, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_keys, "MOST_KEPT", 1)
    keys.find_or_make(ADA)
    keys.find_or_make(BOB)
    del asked[:]
    keys.find(BOB)
    assert asked == []
    keys.find(ADA)
    assert asked == ["GetItem", "Decrypt"]


def test_an_erased_user_has_no_key_and_gets_none_again(keys: UserKeys) -> None:
    keys.find_or_make(ADA)
    assert user_keys.erase(ADA, now=NOW)
    assert again(keys) == Erased()
    user_keys.forget()
    assert keys.find_or_make(ADA) == Erased()
    [row] = dynamodb.rows("user_keys")
    assert "wrapped_key" not in row


def test_to_erase_twice_is_to_erase_once(keys: UserKeys) -> None:
    keys.find_or_make(ADA)
    assert [user_keys.erase(ADA, now=NOW + timedelta(days=n)) for n in (0, 1)] == [True, False]
    [row] = dynamodb.rows("user_keys")
    assert row["erased_at"] == clock.rfc3339(NOW)


def test_who_is_erased_before_the_first_use_never_gets_a_key(keys: UserKeys) -> None:
    assert user_keys.erase(ADA, now=NOW)
    assert keys.find_or_make(ADA) == Erased()


def test_a_key_that_is_made_while_its_user_is_erased_is_not_stored(
    keys: UserKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def erased_now(user_id: str) -> None:
        monkeypatch.undo()
        user_keys.erase(user_id, now=NOW)

    monkeypatch.setattr(user_keys, "_read", erased_now)
    assert keys.find_or_make(ADA) == Erased()


def test_an_erasure_is_known_at_once_to_the_process_that_did_it(keys: UserKeys) -> None:
    keys.find_or_make(ADA)
    user_keys.erase(ADA, now=NOW)
    assert keys.find(ADA) == Erased()


def test_a_row_that_is_lost_is_a_fault_and_not_an_erasure(keys: UserKeys) -> None:
    with pytest.raises(KeyLost):
        keys.find(ADA)


@pytest.mark.parametrize("service", ["kms", "dynamodb"])
def test_without_kms_or_the_table_nothing_is_sealed(
    keys: UserKeys, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    client = aws.client

    def away(name: str, **options: Any) -> Any:
        if name == service:
            raise EndpointConnectionError(endpoint_url="nowhere")
        return client(name, **options)

    monkeypatch.setattr(aws, "client", away)
    with pytest.raises(EndpointConnectionError) as caught:
        keys.find_or_make(ADA)
    assert is_unavailable(caught.value)


def test_what_is_sealed_opens_in_another_process_and_not_after_the_erasure(keys: UserKeys) -> None:
    personal = PersonalData("orders", keys)
    person = personal.to_seal(ADA)
    assert isinstance(person, Person)
    sealed = person.seal({"name": "Ada"}, row="ord_1")
    user_keys.forget()
    reader = personal.to_open(ADA)
    assert isinstance(reader, Person)
    assert reader.open(sealed, row="ord_1") == {"name": "Ada"}
    user_keys.erase(ADA, now=NOW)
    assert (personal.to_open(ADA), personal.to_seal(ADA)) == (Erased(), Erased())
