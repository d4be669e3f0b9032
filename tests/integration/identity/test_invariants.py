"""What identity's rules say of rows as its repository writes them."""

from tests.integration.identity.conftest import Api
from tests.support import dynamodb
from tests.support.invariants import violated


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
    dynamodb.change("identity", row["pk"], row["sk"], failures=-1)
    assert violated("identity") == {("U2", str(row["pk"]).removeprefix("FAIL#"))}
