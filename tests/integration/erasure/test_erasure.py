"""Who asks to be erased is erased: everywhere, once, for good, and not by a stranger."""

import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from identity.api import request_erasure
from shop.deploy import discover
from tests.integration.erasure.conftest import EMAIL, PASSWORD, Customer
from tests.support import dynamodb, inbox
from tests.support.checkout_scenario import ADDRESS, CheckoutScenario
from tests.support.personal import in_tables, traces


def rows_of(customer: Customer, table: str = "identity") -> list[dict[str, Any]]:
    return [row for row in dynamodb.rows(table) if row["pk"] == f"USER#{customer.user_id}"]


def erase(customer: Customer) -> str:
    """Ask, and let it come to its end: the id."""
    answer = customer.ask()
    assert answer.status == 202, answer.text
    customer.shop.deliver()
    erasure_id: str = answer.json["erasure_id"]
    return erasure_id


def receipt(customer: Customer, erasure_id: str) -> dict[str, Any]:
    """What the signed receipt says, checked against the published keys."""
    shown = customer.erasure(erasure_id).json
    keys = customer.public("identity.jwks", "GET", "/.well-known/jwks.json").json
    opened = jws.deserialize_compact(shown["receipt"], KeySet.import_key_set(keys))
    assert opened.headers()["typ"] == "erasure-receipt+jwt"
    said: dict[str, Any] = json.loads(opened.payload)
    return said


def test_nothing_of_who_is_erased_can_be_read_anywhere(ada: Customer) -> None:
    ada.own("identity.add_address", "POST", "/users/me/addresses", body=ADDRESS)
    assert ada.buy().status == 201
    ada.shop.settle(minutes=2)
    erasure_id = erase(ada)
    assert rows_of(ada) == []
    (key,) = rows_of(ada, "user_keys")
    assert "wrapped_key" not in key
    assert [row for row in dynamodb.rows("identity") if row["pk"].startswith("EMAIL#")] == []
    personal = [*ADDRESS.values(), EMAIL, "Phone of Ada", "pm_card_visa", "thanks-ada"]
    assert set(in_tables(traces([each for each in personal if len(each) > 5]))) == set()
    shown = ada.erasure(erasure_id).json
    assert shown["status"] == "erased"
    assert ada.shop.undelivered == []


def test_orders_payments_and_books_keep_ids_and_amounts(ada: Customer) -> None:
    ada.buy()
    ada.shop.settle(minutes=2)
    before = {table: dynamodb.rows(table) for table in ("orders", "payments", "ledger")}
    erase(ada)
    forgotten = ("personal", "outbox")
    for table, rows in before.items():
        kept = [{k: v for k, v in row.items() if k not in forgotten} for row in rows]
        now = [{k: v for k, v in row.items() if k not in forgotten} for row in dynamodb.rows(table)]
        assert now == kept, table


def test_the_receipt_is_signed_and_says_what_stays(ada: Customer) -> None:
    ada.buy()
    ada.shop.settle(minutes=2)
    erasure_id = erase(ada)
    said = receipt(ada, erasure_id)
    assert (said["jti"], said["sub"]) == (erasure_id, ada.user_id)
    assert said["kept"] == {"orders": 1, "payments": 1}
    assert said["key_destroyed"] is True
    assert EMAIL not in json.dumps(said)


def test_a_receipt_is_no_access_token(ada: Customer) -> None:
    erasure_id = erase(ada)
    ada.session = {"access_token": ada.erasure(erasure_id).json["receipt"]}
    assert not ada.is_let_in()


def test_what_a_user_has_paid_with_is_in_no_row_that_stays(ada: Customer) -> None:
    """It left when the payment was confirmed: an erasure, which waits for that, finds none."""
    ada.buy()
    ada.shop.settle(minutes=2)
    erase(ada)
    (paid,) = [row for row in dynamodb.rows("payments") if row["sk"] == "PAYMENT"]
    assert paid["status"] == "captured"
    assert "personal" not in paid


def test_each_step_of_it_is_told_once_and_names_nobody_by_name(ada: Customer) -> None:
    erase(ada)
    told = [(e["type"], e["sequence"]) for e in ada.shop.events("user.") if "eras" in e["type"]]
    assert told == [("user.erasure_requested", 2), ("user.erased", 3)]


def test_the_user_hears_when_it_comes_and_where_the_receipt_is(ada: Customer) -> None:
    erasure_id = erase(ada)
    *_, announced, done = (mail.body for mail in inbox.mails_to(EMAIL))
    assert "2026-11-29" in announced
    assert "take it back" in announced
    assert f"https://issuer.test/erasures/{erasure_id}" in done


def test_sessions_end_at_once(ada: Customer) -> None:
    assert ada.is_let_in()
    assert ada.ask().status == 202
    assert not ada.is_let_in()
    body = {"refresh_token": ada.session["refresh_token"]}
    refused = ada.public("identity.refresh_session", "POST", "/sessions/refresh", body=body)
    assert refused.status == 401


def test_who_registers_again_is_somebody_else_with_nothing(
    ada: Customer, shop: CheckoutScenario
) -> None:
    ada.buy()
    ada.own("identity.add_address", "POST", "/users/me/addresses", body=ADDRESS)
    shop.settle(minutes=2)
    erase(ada)
    again = Customer(shop).join()
    assert again.user_id != ada.user_id
    addresses = again.own("identity.list_addresses", "GET", "/users/me/addresses")
    assert addresses.json == {"data": []}
    assert again.own("orders.list_orders", "GET", "/orders").json["data"] == []


def test_the_link_of_the_registration_is_void_afterwards(
    ada: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there was no time to think, and its own day is not over."""
    monkeypatch.setenv("ERASURE_GRACE_S", "0")
    request_erasure.ports.cache_clear()  # type: ignore[attr-defined]
    token = inbox.token_to(EMAIL)
    erase(ada)
    body = {"token": token, "password": PASSWORD}
    assert ada.public("identity.verify_user", "POST", "/users/verify", body=body).status == 410


# Taking it back.
def test_within_its_time_it_can_be_taken_back(ada: Customer) -> None:
    erasure_id = ada.ask().json["erasure_id"]
    assert ada.sign_in().status == 201
    assert ada.withdraw().status == 204
    ada.shop.deliver()
    assert ada.erasure(erasure_id).json["status"] == "withdrawn"
    assert ada.sign_in().status == 201
    assert ada.shop.erasure.failures == []
    assert rows_of(ada)
    assert ada.withdraw().status == 404


def test_it_can_be_asked_for_again_after_it_was_taken_back(ada: Customer) -> None:
    first = ada.ask().json["erasure_id"]
    ada.sign_in()
    ada.withdraw()
    ada.shop.deliver()
    second = erase(ada)
    assert first != second
    assert ada.erasure(second).json["status"] == "erased"


def test_once_begun_nobody_signs_in_and_nothing_takes_it_back(ada: Customer) -> None:
    """A token that the gateway still takes for a moment changes nothing either."""
    ada.order()
    waits = iter([None, None])
    sound = ada.shop.interceptor.wait

    def wait(given: dict[str, Any]) -> None:
        sound(given)
        if "seconds" in given and next(waits, "over") is None:
            assert ada.sign_in().status == 401
            assert ada.withdraw().status == 409
            ada.shop.tick()

    ada.shop.interceptor.wait = wait
    erase(ada)
    assert rows_of(ada) == []


# Proof.
def test_a_token_alone_does_not_erase_anybody(ada: Customer) -> None:
    """An hour after the sign-in, though the session was refreshed meanwhile."""
    ada.shop.pass_time(minutes=11)
    ada.refresh()
    before = dynamodb.rows("identity")
    refused = ada.ask(None)
    assert (refused.status, refused.json["code"]) == (401, "step_up_required")
    assert (refused.json["acr_values"], refused.json["max_age"]) == ("aal1", 600)
    assert dynamodb.rows("identity") == before


def test_a_recent_sign_in_is_proof(ada: Customer) -> None:
    ada.shop.pass_time(minutes=9)
    assert ada.ask(None).status == 202


def test_a_wrong_password_erases_nobody_and_guessing_is_limited(ada: Customer) -> None:
    answers = [ada.ask("not the password").status for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert ada.ask().status == 429
    (user,) = [row for row in rows_of(ada) if row["sk"] == "USER"]
    assert "erasure_id" not in user


@pytest.mark.parametrize("password", [None, PASSWORD])
def test_who_has_a_second_factor_is_asked_for_it_beside_the_password(
    ada: Customer, password: str | None
) -> None:
    before = dynamodb.rows("identity")
    for asked in (ada.ask, ada.ask_for_all):
        refused = asked(password, proved=ada.proved(factors=1))
        assert (refused.status, refused.json["acr_values"]) == (401, "aal2")
    assert dynamodb.rows("identity") == before
    by_both = ada.proved(factors=1) | {"acr": "aal2"}
    assert ada.ask_for_all(None, proved=by_both).status == 202
    assert ada.ask(None, proved=by_both).status == 202


def test_nobody_is_erased_by_the_wish_of_another(ada: Customer, shop: CheckoutScenario) -> None:
    eve = Customer(shop, "eve@example.com").join()
    before = rows_of(ada)
    erase(eve)
    assert rows_of(ada) == before
    assert eve.withdraw().status == 404
    assert ada.sign_in().status == 201


# Again, twice, in between.
def test_who_asks_again_hears_of_the_same_erasure(ada: Customer) -> None:
    first, second = ada.ask(), ada.ask()
    assert first.json == second.json
    erasures = [row for row in dynamodb.rows("identity") if row["pk"].startswith("ERASURE#")]
    assert len(erasures) == 1


def test_a_second_execution_changes_nothing(ada: Customer) -> None:
    ada.buy()
    ada.shop.settle(minutes=2)
    erasure_id = erase(ada)
    (wanted,) = ada.shop.events("user.erasure_requested")
    before = {table: dynamodb.rows(table) for table in dynamodb.TABLES}
    ada.shop.hand_over(wanted)
    ada.shop.deliver()
    assert ada.shop.erasure.failures == []
    assert {table: dynamodb.rows(table) for table in dynamodb.TABLES} == before
    assert receipt(ada, erasure_id)["jti"] == erasure_id


def test_it_waits_for_an_order_that_is_open(ada: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not paid and ends with its reservation: until then its address can be read."""
    order_id = ada.order().json["order_id"]
    sound = ada.shop.interceptor.wait
    seen: list[tuple[str, str]] = []

    def wait(given: dict[str, Any]) -> None:
        if "seconds" not in given:
            return  # There is no time to take it back.
        order = ada.shop.get(order_id, sub=ada.user_id).json
        seen.append((order["status"], order["shipping_address"]["line1"]))
        sound({"seconds": 600})
        ada.shop.tick()

    ada.shop.interceptor.wait = wait
    monkeypatch.setenv("ERASURE_GRACE_S", "0")
    request_erasure.ports.cache_clear()  # type: ignore[attr-defined]
    erase(ada)
    assert seen == [("placed", ADDRESS["line1"])] * 2
    assert ada.shop.erasure.executions[0].count("Pause") == 1
    assert rows_of(ada) == []
    assert ada.shop.row("orders", order_id)["status"] == "cancelled"


def test_every_service_with_rows_of_users_is_visited(ada: Customer) -> None:
    """Whatever names a user after a purchase belongs to a service that the machine asks, or to one
    that says why it need not be."""
    ada.buy()
    ada.shop.settle(minutes=2)
    holding = {
        discover().owner(table)
        for table in dynamodb.TABLES
        if any(ada.user_id in str(row) for row in dynamodb.rows(table))
    }
    asked = {
        name.split(".")[0]
        for name, spec in discover().functions.items()
        if spec.kind == "steps" and {"erase_user", "destroy_user"} & set(spec.load().steps)  # type: ignore[attr-defined]
    }
    assert holding - asked == set()
