"""Personal data stands where the tables' declarations say, in no other row, and in no log.

Ids of customers stand in more places: they name nobody without these tables. What is sealed stands
nowhere in any form that could be read or tried without its user's key.
"""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from pyotp import TOTP

from identity.api import get_profile, register_user
from identity.clients.argon2_passwords import Argon2Passwords
from identity.repository.erasures import ErasureRepository
from identity.repository.factors import FactorRepository
from identity.repository.users import AccountRepository
from identity.service.change_access import disable_user
from identity.service.create_staff import AccountPorts
from identity.service.remove_factor import reset_factors
from identity.service.request_erasure import ErasurePorts, request_erasure
from orders.api import place_order
from shop import clock, user_keys
from shop.deploy import discover
from shop.trace import from_header
from shop.user_keys import Erased
from tests.support import dynamodb, gateway, inbox
from tests.support.checkout_scenario import ADDRESS, CheckoutScenario, started
from tests.support.gateway import CUSTOMER
from tests.support.personal import IN_CLEAR, in_tables, traces
from tests.support.psp import DECLINED, GOOD, NEEDS_ACTION, SECRET

EMAIL, NAME, PASSWORD = "ada.personal@example.com", "Augusta Personal", "quiet-harbour-42-lanterns"
DEVICE = "Laptop of Augusta"
FACTOR = "Augusta's tablet"
BACK = "https://shop.test/back/augusta"
# What a person could be known, reached or charged by; of a password any form of it.
OPERATOR = "arn:aws:sts::000000000000:assumed-role/operators/olu.personal"
ASKED = {
    "/users/verify/resend": "identity.resend_verification",
    "/password/forgot": "identity.forgot_password",
}
TOO_COMMON = {ADDRESS["country"], ADDRESS["region"]}  # two letters, which stand in many words
VALUES = {
    EMAIL,
    NAME,
    PASSWORD,
    "$argon2",
    *ADDRESS.values(),
    GOOD,
    NEEDS_ACTION,
    BACK,
    OPERATOR,
    DEVICE,
    FACTOR,
}
PERSONAL = traces(VALUES - TOO_COMMON)


def live(shop: CheckoutScenario) -> None:
    """A customer joins, keeps an address, buys, is declined, authenticates, wants to see all
    that is held; an operator ends it."""
    user_id = inbox.join(shop, EMAIL, PASSWORD, name=NAME)
    applies = {"email": f"other.{EMAIL}", "password": PASSWORD, "consents": {"terms": True}}
    applied = gateway.event("POST", "/users", body={**applies, "profile": {"name": NAME}}, sub=None)
    assert shop.interceptor.call("identity.register_user", applied)["statusCode"] == 202
    for path in ("/users/verify/resend", "/password/forgot"):
        asked = gateway.event("POST", path, body={"email": EMAIL}, sub=None)
        assert shop.interceptor.call(ASKED[path], asked)["statusCode"] == 202
    keep = gateway.event("POST", "/users/me/addresses", body=ADDRESS, sub=user_id)
    assert shop.interceptor.call("identity.add_address", keep)["statusCode"] == 201
    sign_in = gateway.event(
        "POST",
        "/sessions",
        body={"email": EMAIL, "password": PASSWORD, "device": {"name": DEVICE}},
        sub=None,
    )
    session = shop.interceptor.call("identity.create_session", sign_in)
    assert session["statusCode"] == 201
    second_factors(shop, json.loads(session["body"]))
    shop.stock("TEA", units=9)
    order_id = shop.order("order", {"TEA": 1}).json["order_id"]
    assert shop.pay("pay", order_id, NEEDS_ACTION, return_url=BACK).status == 202
    assert shop.buy("buy", {"TEA": 1}, NEEDS_ACTION, return_url=BACK).status == 202
    assert shop.buy("declined", {"TEA": 1}, DECLINED).status == 402
    wants = gateway.event("POST", "/users/me/export", body={"password": PASSWORD}, sub=user_id)
    assert shop.interceptor.call("identity.request_export", wants)["statusCode"] == 202
    shop.deliver()
    by = accounts()
    told: dict[str, Any] = {"operator": OPERATOR, "now": clock.now(), "trace": from_header(None)}
    reset_factors(EMAIL, by, FactorRepository(), **told)
    disable_user(EMAIL, by, **told)
    erasures = ErasurePorts(by.accounts, ErasureRepository(), timedelta(days=7), "us-east-1")
    asked_for = request_erasure(user_id, erasures, now=clock.now(), trace=from_header(None))
    assert asked_for is not None, "it waits while all is looked at"
    shop.stack.deliver("stream", "queue")
    shop.stack.drop_executions()
    shop.settle(minutes=20)


def accounts() -> AccountPorts:
    """What tools make and change accounts by."""
    mac = register_user.ports().mac
    return AccountPorts(
        AccountRepository(), mac, Argon2Passwords(), get_profile.personal(), "us-east-1"
    )


def second_factors(shop: CheckoutScenario, session: dict[str, Any]) -> None:
    """One that is removed after a recovery code stood in for it, and one that stays."""
    first = enrolled(shop, session)
    asked = own(shop, session, "challenge_factor", "POST", "/mfa/challenge", body={})
    answer = {"challenge_id": asked["challenge_id"], "recovery_code": first["recovery_codes"][0]}
    own(shop, session, "verify_factor", "POST", "/mfa/verify", body=answer)
    one = {"factor_id": first["factor_id"]}
    path = f"/mfa/factors/{one['factor_id']}"
    own(shop, session, "remove_factor", "DELETE", path, path_parameters=one)
    body = {"type": "email", "label": FACTOR}
    own(shop, session, "enrol_factor", "POST", "/mfa/factors", body=body)
    enrolled(shop, session)


def enrolled(shop: CheckoutScenario, session: dict[str, Any]) -> dict[str, Any]:
    body = {"type": "totp", "label": FACTOR}
    begun = own(shop, session, "enrol_factor", "POST", "/mfa/factors", body=body)
    one = {"factor_id": begun["factor_id"]}
    path = f"/mfa/factors/{one['factor_id']}/confirm"
    code = {"code": TOTP(begun["secret"]).at(clock.now())}
    return own(shop, session, "confirm_factor", "POST", path, body=code, path_parameters=one)


def own(
    shop: CheckoutScenario,
    session: dict[str, Any],
    function: str,
    method: str,
    path: str,
    **options: Any,
) -> dict[str, Any]:
    caller = {"sub": session["user_id"], "sid": session["session_id"]}
    sent = gateway.event(method, path, **caller, **options)
    reply = shop.interceptor.call(f"identity.{function}", sent)
    assert reply["statusCode"] < 300, reply["body"]
    return json.loads(reply["body"] or "{}")  # type: ignore[no-any-return]


def in_clear() -> dict[str, set[str]]:
    """The attributes of each table in which one of the values stands as it is."""
    places: dict[str, set[str]] = {}
    for table in dynamodb.TABLES:
        for row in dynamodb.rows(table):
            for attribute, value in row.items():
                if any(each in str(value) for each in VALUES - TOO_COMMON):
                    places.setdefault(table, set()).add(attribute)
    return places


def test_personal_data_is_where_it_is_said_to_be_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    with started(monkeypatch) as shop:
        live(shop)
        lines = log.getvalue()
        assert '"message":"request"' in lines, "a log that says nothing guards nothing"
        assert PERSONAL.findall(lines) == []
        assert SECRET not in lines
        assert [
            row for table in dynamodb.TABLES for row in dynamodb.rows(table) if SECRET in str(row)
        ] == []
        said = [
            each.body for each in shop.interceptor.requests if each.service in ("states", "lambda")
        ]
        assert said
        assert SECRET not in str(said), (
            "what a browser authenticates with is asked for, and not kept"
        )
        run = [
            each.body
            for each in shop.interceptor.requests
            if each.service == "states" or each.function.endswith(".steps")
        ]
        assert "sealed" in json.dumps(run)
        assert PERSONAL.findall(json.dumps(run)) == [], "the machine carries messages alone"
        told = [each.body for each in shop.interceptor.requests if each.service == "events"]
        assert told
        assert PERSONAL.findall(json.dumps(told)) == []
        assert set(in_tables(PERSONAL)) == set()
        assert in_clear() == {table: held for table, held in IN_CLEAR.items() if held}
        for table in discover().tables.values():
            for sealed in table.personal.sealed if table.personal else ():
                changes = [each["dynamodb"]["NewImage"] for each in dynamodb.changes(table.name)]
                assert [row for row in changes if sealed in row], sealed


def test_after_an_erasure_an_order_stays_and_its_address_is_gone(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    """With whoever may see it, and for whatever it was paid by."""
    with started(monkeypatch) as shop:
        shop.stock("TEA", units=9)
        paid = shop.buy("buy", {"TEA": 1}).json["order"]["order_id"]
        shop.deliver()
        before = shop.get(paid)
        assert before.json["shipping_address"]["name"] == ADDRESS["name"]
        user_keys.erase(CUSTOMER, now=clock.now())
        for options in ({}, {"sub": "usr_use1_0000000000000000000000000s", "scope": "orders:read"}):
            user_keys.forget()
            after = shop.get(paid, **options)
            assert (after.status, after.json) == (200, {**before.json, "shipping_address": None})
            kept = shop.get(paid, headers={"If-None-Match": before.headers["ETag"]}, **options)
            assert kept.status == 200, "no cache may go on showing the address"
        for reply in (shop.order("more", {"TEA": 1}), shop.buy("again", {"TEA": 1})):
            assert (reply.status, reply.json["code"]) == (403, "account_erased")
        assert place_order.personal.to_seal(CUSTOMER) == Erased()
        assert shop.events("order.")[-1]["type"] == "order.paid"


def test_an_unfinished_checkout_of_somebody_erased_is_undone_and_not_paid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with started(monkeypatch) as shop:
        shop.stock("TEA", units=9)
        steps = shop.interceptor.functions["payments.steps"]
        shop.interceptor.functions["payments.steps"] = _fails
        assert shop.buy("buy", {"TEA": 2}).status == 503
        shop.interceptor.functions["payments.steps"] = steps
        user_keys.erase(CUSTOMER, now=clock.now())
        shop.settle(minutes=40)
        [order] = [row for row in dynamodb.rows("orders") if row["sk"] == "ORDER"]
        assert order["status"] == "cancelled"
        assert shop.available("TEA") == 9
        assert sum(book.captured for book in shop.psp.books.values()) == 0


def _fails(_event: object, _context: object) -> None:
    raise RuntimeError("the step is away")
