"""Every bad request is a 4xx problem document and reaches no handler."""

import base64
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from shop.http import Response, Route, entrypoint
from tests.support.gateway import PROVED, call, event
from tests.support.http_edge import (
    AUTHORIZED,
    BARE,
    GET,
    GOOD,
    ROUTE,
    SIGNED,
    Filters,
    Spy,
    post,
)

BAD = [
    ({"raw": "{"}, 400, "invalid_request"),
    ({"raw": ""}, 400, "invalid_request"),
    ({"raw": "[]"}, 400, "invalid_request"),
    ({"raw": '"\\ud800"'}, 400, "invalid_request"),
    ({"raw": "\ud800"}, 400, "invalid_request"),
    ({"raw": "[" * 100_000}, 400, "invalid_request"),
    ({"raw": '{"lines": [], "lines": []}'}, 400, "invalid_request"),
    ({"body": GOOD | {"extra": 1}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": "1"}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": 1.5}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": True}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": 0}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": -1}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": 10**9}]}}, 400, "invalid_request"),
    ({"raw": json.dumps({"lines": [], "pad": "x" * 300_000})}, 413, "payload_too_large"),
    ({"headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
    (
        {"headers": {"Content-Type": "application/json; charset=latin1"}},
        415,
        "unsupported_media_type",
    ),
    ({"raw": '{"lines": [], "pad": "\ufffd"}'}, 400, "invalid_request"),
    ({"raw": '{"lines": [], "pad": "\\ufffd"}'}, 400, "invalid_request"),
    ({"key": None}, 400, "idempotency_key_required"),
    ({"key": "a b"}, 400, "idempotency_key_invalid"),
    ({"key": "x" * 256}, 400, "idempotency_key_invalid"),
    ({"sub": None}, 401, "unauthenticated"),
    ({"scope": "finance:read"}, 403, "forbidden"),
    ({"query": {"x": "1"}}, 400, "invalid_request"),
]


@pytest.mark.parametrize(("changes", "status", "code"), BAD)
def test_bad_input_gets_a_problem_and_reaches_nobody(
    changes: dict[str, Any], status: int, code: str
) -> None:
    spy = Spy()
    reply = post(spy, **changes)
    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert set(reply.json) >= {"type", "title", "detail", "instance", "request_id", "errors"}
    assert spy.requests == []


def test_errors_name_the_field_and_never_quote_it() -> None:
    secret = "4242424242424242"
    lines = [{"sku": secret + "!", "quantity": 1, secret: 1}]
    reply = post(Spy(), body={"lines": lines, secret: 1, "gift_wrap": 1})
    places = [(error["pointer"], error["code"]) for error in reply.json["errors"]]
    unknown = "extra_forbidden"
    assert places == [
        ("/lines/0/sku", "string_pattern_mismatch"), ("/lines/0", unknown), ("", unknown)
    ]  # fmt: skip
    assert secret not in reply.text


@pytest.mark.parametrize(
    "name",
    ["4242424242424242", "ada@example.com", "a b", "", "quantiy", "JohnSmith", "a/b", "\u00e9"],
)
def test_the_name_of_what_is_unknown_is_told_to_nobody(name: str, log: io.StringIO) -> None:
    """It was sent like a value, and may be a card number in the wrong place."""
    told = [
        post(Spy(), body=GOOD | {name: 1}),
        call(entrypoint(GET, Spy()), event("GET", "/orders", query={name: "1"})),
        call(entrypoint(BARE, Spy()), event("GET", "/orders/x", query={name: "1"})),
    ]
    for reply in told:
        assert reply.status == 400
        (error,) = reply.json["errors"]
        assert [error.get("pointer", ""), error.get("parameter", "")] == ["", ""]
        assert error["code"] == "extra_forbidden"
        assert len(name) < 2 or name not in reply.text
    assert "invalid_request" in log.getvalue(), "a log that says nothing guards nothing"
    assert len(name) < 2 or name not in log.getvalue()


def test_who_asks_with_an_unknown_parameter_is_told_the_known_ones() -> None:
    asked = event("GET", "/orders", query={"limt": "1", "cursr": "x"})
    (error,) = call(entrypoint(GET, Spy()), asked).json["errors"]
    assert error["detail"] == "known are only: limit"


def test_a_parameter_that_stands_twice_is_named_if_it_is_known() -> None:
    asked = event("GET", "/orders")
    asked["multiValueQueryStringParameters"] = {"limit": ["1", "2"], "4242": ["1", "2"]}
    errors = call(entrypoint(GET, Spy()), asked).json["errors"]
    assert [(each["parameter"], each["code"]) for each in errors] == [
        ("limit", "repeated"),
        ("", "repeated"),
    ]


def test_no_problem_shows_a_regular_expression() -> None:
    (error,) = post(Spy(), body={"lines": [{"sku": "a", "quantity": 1}]}).json["errors"]
    assert error["detail"] == "does not have the form that the description of the API gives"


def test_a_body_that_is_no_utf_8_is_refused_although_the_gateway_passed_it_on_as_it_was() -> None:
    for raw in (b'{"lines": [], "pad": "\xe9"}', b"\xff"):
        sent = event("POST", "/orders", raw=base64.b64encode(raw).decode(), key="k")
        reply = call(entrypoint(ROUTE, Spy()), sent | {"isBase64Encoded": True})
        assert [error["code"] for error in reply.json["errors"]] == ["not_utf_8"]


def test_a_parameter_that_nobody_knows_is_passed_over_only_where_it_can_change_nothing() -> None:
    """What everybody reads as a whole: a probe and a cache may add theirs."""
    document = Route("GET", "/health", "Tell", auth="public", responses={201: None})
    asked = event("GET", "/health", sub=None, query={"ts": "1"})
    assert call(entrypoint(document, Spy()), asked).status == 201
    for route in (
        replace(document, query=Filters),
        replace(document, method="POST"),
        replace(document, auth="customer"),
        replace(document, auth="staff"),
    ):
        assert not route.takes_any_parameter, route
        assert call(entrypoint(route, Spy()), asked | AUTHORIZED).status == 400, route


def test_a_parameter_of_the_path_is_what_the_client_meant() -> None:
    spy = Spy()
    sent = event("GET", "/orders", path_parameters={"account_id": "1210%3Astripe%3AUSD"})
    call(entrypoint(GET, spy), sent)
    assert spy.requests[0].path == {"account_id": "1210:stripe:USD"}


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    spy = Spy()
    assert post(spy, body={"lines": [{"sku": "A-1", "quantity": 2.0}]}).status == 201
    assert repr(spy.requests[0].body.lines[0].quantity) == "2"


def test_bad_parameters_are_named() -> None:
    reply = call(entrypoint(GET, Spy()), event("GET", "/orders", query={"limit": "x"}))
    assert reply.status == 400
    assert [error["parameter"] for error in reply.json["errors"]] == ["limit"]


EMPTY = Route("POST", "/orders/{order_id}/cancel", "Cancel", idempotent=True, responses={201: None})

JSON, TEXT = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}


@pytest.mark.parametrize("route", [EMPTY, BARE], ids=["POST", "GET"])
@pytest.mark.parametrize(
    ("raw", "headers", "status", "inside"),
    [
        (None, {}, 201, None),
        ("", TEXT, 201, None),
        ("{}", JSON, 201, None),
        (" { } ", JSON, 201, None),
        ('{"reason": "changed my mind"}', JSON, 400, "extra_forbidden"),
        ("[]", JSON, 400, "model_type"),
        ("null", JSON, 400, "model_type"),
        ("{", JSON, 400, "json_invalid"),
        (" ", JSON, 400, "json_invalid"),
        ("\ufffd", JSON, 400, "not_utf_8"),
        ("{}", TEXT, 415, None),
        ("{}", JSON | {"Content-Encoding": "gzip"}, 415, None),
        ("x" * 300_000, JSON, 413, None),
    ],
)
def test_where_no_body_is_expected_nothing_or_an_empty_object_is_taken(
    route: Route, raw: str | None, headers: dict[str, str], status: int, inside: str | None
) -> None:
    spy = Spy()
    sent = event(route.method, "/orders/x", raw=raw, key="k", headers=headers)
    reply = call(entrypoint(route, spy), sent)
    assert reply.status == status
    assert [request.body for request in spy.requests] == ([None] if status == 201 else [])
    if inside:
        assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [("", inside)]


@pytest.mark.parametrize("route", [ROUTE, SIGNED], ids=["JSON", "signed"])
@pytest.mark.parametrize(
    ("codings", "taken"),
    [
        (["identity"], True),
        (["Identity , identity"], True),
        ([""], True),
        (["gzip"], False),
        (["br"], False),
        (["identity, GZIP"], False),
        (["gzip", "identity"], False),
    ],
)
def test_a_body_is_taken_as_it_was_written_only(
    route: Route, codings: list[str], taken: bool
) -> None:
    """RFC 9110, 15.5.16: who is refused for a coding is told which there are."""
    spy = Spy()
    sent = event("POST", route.path, body=GOOD, key="k")
    lines = {name: [value] for name, value in sent["headers"].items()}
    sent["headers"]["content-encoding"] = codings[-1]
    sent["multiValueHeaders"] = lines | {"content-encoding": codings}
    reply = call(entrypoint(route, spy), sent)
    assert (reply.status, len(spy.requests)) == ((201, 1) if taken else (415, 0))
    assert reply.headers.get("Accept-Encoding") == (None if taken else "identity")


def test_a_body_of_two_media_types_is_of_none() -> None:
    sent = event("POST", "/orders", body=GOOD, key="k")
    sent["multiValueHeaders"] = {
        "Idempotency-Key": ["k"],
        "content-type": ["text/plain", "application/json"],
    }
    assert call(entrypoint(ROUTE, Spy()), sent).status == 415


LONG = "k" * 300


def with_keys(keys: list[str]) -> dict[str, Any]:
    """An event with a line of the header for each key."""
    lines = {"content-type": ["application/json"], "idempotency-key": keys}
    return {**event("POST", "/orders", body=GOOD), "multiValueHeaders": lines}


@pytest.mark.parametrize(
    ("keys", "code", "inside"),
    [
        ([], "idempotency_key_required", "missing"),
        ([""], "idempotency_key_required", "missing"),
        ([LONG], "idempotency_key_invalid", "too_long"),
        (["caf\u00e9"], "idempotency_key_invalid", "characters"),
        (["a b"], "idempotency_key_invalid", "characters"),
        (["one-key", "one-key"], "idempotency_key_invalid", "repeated"),
        (["one-key, two-key"], "idempotency_key_invalid", "repeated"),
        (["one-key", "two-key"], "idempotency_key_invalid", "repeated"),
    ],
)
def test_what_is_wrong_with_a_key_is_said_and_the_key_is_not(
    keys: list[str], code: str, inside: str
) -> None:
    spy = Spy()
    reply = call(entrypoint(ROUTE, spy), with_keys(keys))
    assert (reply.status, reply.json["code"], spy.requests) == (400, code, [])
    (error,) = reply.json["errors"]
    assert (error["header"], error["code"]) == ("Idempotency-Key", inside)
    assert not [key for key in keys if key and key in reply.text]


@pytest.mark.parametrize(
    ("keys", "status", "key"),
    [
        ([], 201, ""),
        (["a-key"], 201, "a-key"),
        (["a b"], 400, None),
        ([LONG], 400, None),
        ([""], 400, None),
    ],
)
def test_a_route_may_know_its_client_by_a_key_and_do_without(
    keys: list[str], status: int, key: str | None
) -> None:
    spy = Spy()
    route = replace(ROUTE, idempotent=False, knows_client_by_key=True)
    assert call(entrypoint(route, spy), with_keys(keys)).status == status
    assert [request.key for request in spy.requests] == ([] if key is None else [key])


def test_the_longest_key_is_a_key() -> None:
    spy = Spy()
    assert post(spy, key="~" * 255).status == 201
    assert spy.requests[0].key == "~" * 255


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain", ""])
def test_a_signed_route_gets_the_body_as_it_was_sent_and_needs_no_token(kind: str) -> None:
    spy, raw = Spy(), '{ "a":1,\n"b": "\u00e4" }'
    sent = event("POST", "/hooks", raw=raw, sub=None, headers={"Content-Type": kind})
    assert call(entrypoint(SIGNED, spy), sent).status == 201
    assert spy.requests[0].body == raw.encode()
    encoded = {"body": base64.b64encode(raw.encode()).decode(), "isBase64Encoded": True}
    call(entrypoint(SIGNED, spy), sent | encoded)
    assert spy.requests[1].body == raw.encode()


def test_a_signed_body_may_not_be_larger_than_others() -> None:
    spy = Spy()
    reply = call(entrypoint(SIGNED, spy), event("POST", "/hooks", raw="x" * 300_000, sub=None))
    assert (reply.status, spy.requests) == (413, [])


@pytest.mark.parametrize("path", ["/users/me", "/sessions", "/password/forgot", "/mfa/factors"])
def test_a_route_of_the_account_is_closed_to_clients_of_others(path: str) -> None:
    """Whatever scopes they hold; and who does not say whose they are is one of others."""
    route = Route("GET", path, "Show it", responses={204: None})
    for said, status in (("true", 204), ("false", 403), ("", 403)):
        given = event("GET", path, proved={**PROVED, "first_party": said})
        reply = call(entrypoint(route, Spy(Response(204))), given)
        assert reply.status == status


def test_other_routes_are_open_to_clients_of_others() -> None:
    route = Route("GET", "/users-guide", "Show it", responses={204: None})
    given = event("GET", "/users-guide", proved={**PROVED, "first_party": "false"})
    assert call(entrypoint(route, Spy(Response(204))), given).status == 204
