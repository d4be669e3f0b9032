"""What identity's rules say of rows as its repository writes them."""

from datetime import UTC, datetime

from shop import user_keys
from tests.integration.identity.conftest import Api
from tests.support import dynamodb
from tests.support.invariants import violated

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def user_id() -> str:
    [row] = [row for row in dynamodb.rows("identity") if str(row["pk"]).startswith("USER#")]
    return str(row["pk"]).removeprefix("USER#")


def test_users_who_sign_in_and_fail_to_are_in_order(api: Api) -> None:
    api.register()
    api.sign_in(password="wrong")
    api.sign_in()
    assert violated("identity") == set()


def test_an_address_is_of_one_user_and_a_user_has_one(api: Api) -> None:
    api.register()
    dynamodb.change("identity", "EMAIL#another", "USER", user_id=user_id())
    assert violated("identity") == {("U1", user_id())}
    dynamodb.change("identity", "EMAIL#another", "USER", user_id="usr_lost")
    assert violated("identity") == {("U1", "usr_lost")}


def test_no_more_attempts_are_taken_back_than_there_were(api: Api) -> None:
    api.register()
    api.sign_in(password="wrong")
    row = next(row for row in dynamodb.rows("identity") if str(row["pk"]).startswith("FAIL#"))
    dynamodb.change("identity", row["pk"], row["sk"], times=-1)
    assert violated("identity") == {("U2", str(row["pk"]).removeprefix("FAIL#"))}


def test_a_key_is_there_or_was_destroyed_and_never_both(api: Api) -> None:
    user_keys.erase("usr_erased", now=NOW)
    assert violated("identity") == set()
    dynamodb.change("user_keys", "USER#usr_erased", "KEY", wrapped_key=b"of somebody erased")
    dynamodb.change("user_keys", "USER#usr_lost", "KEY", created_at="2026")
    assert violated("identity") == {("U3", "usr_erased"), ("U3", "usr_lost")}


def test_who_is_said_to_be_erased_has_left_neither_user_nor_key(api: Api) -> None:
    api.register()
    said = {"status": "erased", "user_id": user_id()}
    dynamodb.change("identity", "ERASURE#era_1", "ERASURE", **said)
    assert violated("identity") == {("U4", "era_1")}
    dynamodb.change("identity", "ERASURE#era_1", "ERASURE", user_id="usr_gone")
    assert violated("identity") == {("U4", "era_1")}, "a key that is not known to be destroyed"
    user_keys.erase("usr_gone", now=NOW)
    assert violated("identity") == set()


def test_a_user_has_as_many_second_factors_as_their_row_says(api: Api) -> None:
    user = api.register().json["user_id"]
    api.with_factor(api.sign_in().json)
    assert violated("identity") == set()
    dynamodb.change("identity", f"USER#{user}", "USER", factors=2)
    assert violated("identity") == {("U5", user)}


def test_a_client_is_listed_and_has_what_proves_it(api: Api) -> None:
    dynamodb.change("identity", "CLIENTS", "CLIENT#cli_1", created_at="2026")
    assert violated("identity") == {("U6", "cli_1")}
    dynamodb.change("identity", "CLIENT#cli_1", "CLIENT", auth_method="none")
    assert violated("identity") == set()
    dynamodb.change("identity", "CLIENT#cli_1", "CLIENT", auth_method="client_secret_basic")
    assert violated("identity") == {("U6", "cli_1")}
    dynamodb.change("identity", "CLIENT#cli_1", "CLIENT", secret_digest="of a secret")
    assert violated("identity") == set()
