"""How surely and how lately a caller must have been proved."""

from datetime import UTC, datetime, timedelta

import pytest

from shop import clock, ids
from shop.http import Response, Route, entrypoint
from shop.step_up import ONE_FACTOR, OWN_ACCOUNT, OWN_MONEY, STAFF, TWO_FACTORS, StepUp
from tests.support.gateway import CUSTOMER, Reply, call, event
from tests.support.http_edge import Spy

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
CLIENT = ids.derive("cli", "a till", region="use1")
WANTED = StepUp(timedelta(minutes=10))
ROUTE = Route("DELETE", "/keys", "Let go", responses={204: None}, step_up=WANTED)


def ask(spy: Spy, **proved: str) -> Reply:
    return call(entrypoint(ROUTE, spy), event("DELETE", "/keys", proved=proved))


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def ago(**parts: float) -> str:
    return str(int((NOW - timedelta(**parts)).timestamp()))


@pytest.mark.parametrize(
    "proved",
    [
        {},
        {"acr": TWO_FACTORS},
        {"acr": "", "auth_time": ago(minutes=1)},
        {"acr": ONE_FACTOR, "auth_time": ago(minutes=1)},
        {"acr": "aal9", "auth_time": ago(minutes=1)},
        {"acr": TWO_FACTORS, "auth_time": ago(minutes=10)},
    ],
    ids=["nothing", "no time", "no level", "one factor", "unknown", "long ago"],
)
def test_who_was_not_proved_enough_is_told_what_is_missing(proved: dict[str, str]) -> None:
    spy = Spy()
    reply = ask(spy, **proved)
    assert (reply.status, reply.json["code"]) == (401, "step_up_required")
    assert (reply.json["acr_values"], reply.json["max_age"]) == ("aal2", 600)
    assert reply.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="600"'
    )
    assert spy.requests == []


def test_who_was_proved_enough_comes_through() -> None:
    spy = Spy(Response(204))
    assert ask(spy, acr=TWO_FACTORS, auth_time=ago(minutes=9, seconds=59)).status == 204
    (request,) = spy.requests
    assert request.user.level == TWO_FACTORS
    assert request.user.proved == NOW - timedelta(minutes=9, seconds=59)


def test_two_factors_are_enough_where_one_is() -> None:
    wanted = StepUp(timedelta(minutes=10), level=ONE_FACTOR)
    assert wanted.is_met(TWO_FACTORS, NOW, now=NOW)
    assert wanted.is_met(ONE_FACTOR, NOW, now=NOW)


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        (STAFF, {("staff", "0"), ("staff", "1"), ("", "0")}),
        (OWN_MONEY, {("staff", "0"), ("staff", "1"), ("", "0"), ("customer", "1")}),
        (OWN_ACCOUNT, {("customer", "1"), ("staff", "1")}),
        (WANTED, {("staff", "0"), ("", "0"), ("customer", "0"), ("customer", "1"), ("staff", "1")}),
    ],
    ids=["what is of others", "own money", "own account", "factors"],
)
def test_it_is_asked_of_some_staff_and_of_some_customers(
    wanted: StepUp, asked: set[tuple[str, str]]
) -> None:
    """Whose role is not known is no customer."""
    route = Route("DELETE", "/keys", "Let go", responses={204: None}, step_up=wanted)
    callers = [("staff", "0"), ("staff", "1"), ("", "0"), ("customer", "0"), ("customer", "1")]
    refused = set()
    for role, factors in callers:
        said = {"acr": ONE_FACTOR, "auth_time": ago(minutes=1), "role": role, "factors": factors}
        reply = call(entrypoint(route, Spy(Response(204))), event("DELETE", "/keys", proved=said))
        if reply.status == 401:
            refused.add((role, factors))
    assert refused == asked


def test_who_may_have_a_second_factor_is_asked_for_it() -> None:
    """What the authorizer does not say is not taken for none."""
    route = Route("DELETE", "/keys", "Let go", responses={204: None}, step_up=OWN_MONEY)
    said = {"acr": ONE_FACTOR, "auth_time": ago(minutes=1), "role": "customer"}
    reply = call(entrypoint(route, Spy(Response(204))), event("DELETE", "/keys", proved=said))
    assert reply.status == 401


@pytest.mark.parametrize(
    ("sub", "sid", "status"),
    [(CLIENT, "", 204), (CUSTOMER, "", 401), ("cli_use1_", "", 401), ("", "ses_1", 401)],
    ids=["a client", "a user without a session", "no id", "nobody"],
)
def test_only_a_registered_client_by_itself_is_not_asked(sub: str, sid: str, status: int) -> None:
    given = event("DELETE", "/keys", sub=sub, sid=sid, proved={})
    assert call(entrypoint(ROUTE, Spy(Response(204))), given).status == status


def test_a_route_of_staff_asks_staff_whatever_it_says() -> None:
    route = Route("GET", "/books", "Read", auth="staff", responses={204: None})
    said = {"acr": ONE_FACTOR, "auth_time": ago(minutes=1), "role": "finance"}
    reply = call(entrypoint(route, Spy(Response(204))), event("GET", "/books", proved=said))
    assert (reply.status, reply.json["max_age"]) == (401, 3600)
