"""Personal data stands where the tables' declarations say, in no other row, and in no log.

Ids of customers stand in more places: they name nobody without these tables.

What is sealed stands nowhere in any form that could be read or tried without its user's key: not
as it is, not encoded, not as a digest.
"""

import io

import pytest

from identity.api import register_user
from identity.service.change_access import disable_user
from shop import clock
from shop.deploy import discover
from shop.trace import from_header
from tests.support import dynamodb, gateway
from tests.support.checkout_scenario import ADDRESS, CheckoutScenario, started
from tests.support.psp import DECLINED, NEEDS_ACTION, SECRET

EMAIL, NAME, PASSWORD = "ada.personal@example.com", "Augusta Personal", "quiet-harbour-42-lanterns"
# What a person could be known, reached or charged by; of a password any form of it.
OPERATOR = "arn:aws:sts::000000000000:assumed-role/operators/olu.personal"
VALUES = (EMAIL, NAME, PASSWORD, "$argon2", *ADDRESS.values(), NEEDS_ACTION, OPERATOR)
TOO_COMMON = {ADDRESS["country"], ADDRESS["region"]}  # two letters, which stand in many words


def live(shop: CheckoutScenario) -> None:
    """A customer registers, signs in, buys, is declined, authenticates; an operator ends it."""
    person = {"email": EMAIL, "password": PASSWORD, "consents": {"terms": True}}
    person["profile"] = {"name": NAME, "locale": "en-GB"}
    register = gateway.event("POST", "/users", body=person, sub=None)
    assert shop.interceptor.call("identity.register_user", register)["statusCode"] == 202
    sign_in = gateway.event(
        "POST", "/sessions", body={"email": EMAIL, "password": PASSWORD}, sub=None
    )
    assert shop.interceptor.call("identity.create_session", sign_in)["statusCode"] == 201
    shop.stock("TEA", units=9)
    order_id = shop.order("order", {"TEA": 1}).json["order_id"]
    assert shop.pay("pay", order_id, NEEDS_ACTION).status == 202
    assert shop.buy("buy", {"TEA": 1}, NEEDS_ACTION).status == 202
    assert shop.buy("declined", {"TEA": 1}, DECLINED).status == 402
    disable_user(
        EMAIL, register_user.ports(), operator=OPERATOR, now=clock.now(), trace=from_header(None)
    )
    shop.settle(minutes=20)


def found() -> dict[str, set[str]]:
    """The attributes of each table in which one of the values stands."""
    places: dict[str, set[str]] = {}
    for table in dynamodb.TABLES:
        for row in dynamodb.rows(table):
            for attribute, value in row.items():
                if any(each in str(value) for each in VALUES if each not in TOO_COMMON):
                    places.setdefault(table, set()).add(attribute)
    return places


def test_personal_data_is_where_it_is_said_to_be_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    with started(monkeypatch) as shop:
        live(shop)
        lines = log.getvalue()
        assert '"message":"request"' in lines, "a log that says nothing guards nothing"
        assert [each for each in VALUES if each in lines and each not in TOO_COMMON] == []
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
        assert found() == {
            table.name: set(table.personal.attributes)
            for table in discover().tables.values()
            if table.personal
        }
