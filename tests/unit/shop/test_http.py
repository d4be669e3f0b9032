"""The HTTP edge: every bad request is a 4xx problem document and reaches no handler."""

import base64
import io
import json
from typing import Any

import pytest

from shop import invocation, problems
from shop.http import Request, Response, Route, entrypoint
from shop.idempotency import StoredResponse
from shop.problems import Problem
from shop.schemas import Line, QueryModel, RequestModel
from tests.support.gateway import call, event


class Order(RequestModel):
    lines: list[Line]


class Filters(QueryModel):
    limit: int = 20


ROUTE = Route(
    "POST",
    "/orders",
    "Place",
    idempotent=True,
    request=Order,
    scopes=("shop:buy",),
    responses={201: None},
)
GET = Route("GET", "/orders", "List", query=Filters, responses={200: None, 201: None, 304: None})
GOOD = {"lines": [{"sku": "A-1", "quantity": 1}]}


SIGNED = Route("POST", "/hooks", "Hear", auth="signature", responses={201: None})


class Spy:
    def __init__(self, result: Any = None) -> None:
        self.requests: list[Request[Any]] = []
        self.result = result or Response(201, {"ok": True})

    def __call__(self, request: Request[Any]) -> Any:
        self.requests.append(request)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def post(spy: Spy, **changes: Any) -> Any:
    sent = {"body": GOOD, "key": "k"} | changes
    if "raw" in sent:
        del sent["body"]
    return call(entrypoint(ROUTE, spy), event("POST", "/orders", **sent))


BAD = [
    ({"raw": "{"}, 400, "invalid_request"),
    ({"raw": ""}, 400, "invalid_request"),
    ({"raw": "[]"}, 400, "invalid_request"),
    ({"raw": '"\\ud800"'}, 400, "invalid_request"),
    ({"raw": "\ud800"}, 400, "invalid_request"),
    ({"raw": "[" * 100_000}, 400, "invalid_request"),
    ({"body": GOOD | {"extra": 1}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": "1"}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": 1.5}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": True}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": 0}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": -1}]}}, 400, "invalid_request"),
    ({"body": {"lines": [{"sku": "A-1", "quantity": 10**9}]}}, 400, "invalid_request"),
    ({"raw": json.dumps({"lines": [], "pad": "x" * 300_000})}, 413, "payload_too_large"),
    ({"headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
    ({"key": None}, 400, "idempotency_key_required"),
    ({"key": "a b"}, 400, "idempotency_key_required"),
    ({"key": "x" * 256}, 400, "idempotency_key_required"),
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
    reply = post(Spy(), body={"lines": [{"sku": secret + "!", "quantity": 1}], secret: 1})
    pointers = {error["pointer"] for error in reply.json["errors"]}
    assert "/lines/0/sku" in pointers
    assert secret + "!" not in reply.text


def test_a_good_request_reaches_the_handler() -> None:
    spy = Spy()
    reply = post(spy)
    assert reply.status == 201
    assert reply.headers["X-Request-Id"] == "request-1"
    (request,) = spy.requests
    assert request.key == "k"
    assert request.user.scopes == {"shop:buy"}
    assert request.body.lines[0].sku == "A-1"


def test_a_parameter_of_the_path_is_what_the_client_meant() -> None:
    spy = Spy()
    sent = event("GET", "/orders", path_parameters={"account_id": "1210%3Astripe%3AUSD"})
    call(entrypoint(GET, spy), sent)
    assert spy.requests[0].path == {"account_id": "1210:stripe:USD"}


def test_a_fault_is_a_problem_and_a_log_line_without_its_text(log: io.StringIO) -> None:
    reply = post(Spy(ValueError("secret")))
    assert (reply.status, reply.json["code"]) == (500, "internal_error")
    assert "secret" not in reply.text
    assert "ValueError" in log.getvalue(), "a log that says nothing guards nothing"
    assert "secret" not in log.getvalue()


def test_a_handler_knows_how_long_it_may_take() -> None:
    spy = Spy()
    post(spy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(invocation, "remaining_s", lambda: 3.5)
        post(spy)
    assert spy.requests[1].remaining_s() == 3.5


def test_a_problem_is_rendered_with_its_headers() -> None:
    spy = Spy(Problem(problems.RATE_LIMITED, "slow down", headers={"Retry-After": "3"}))
    reply = post(spy)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "3")


def test_a_stored_answer_is_sent_byte_for_byte() -> None:
    from shop.http import replayed_response

    text = '{"b": 1,  "a":2}'
    reply = post(Spy(replayed_response(StoredResponse(201, text), replayed=True)))
    assert (reply.text, reply.headers["Idempotency-Replayed"]) == (text, "true")


def test_the_trace_of_the_caller_is_continued() -> None:
    spy = Spy()
    parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    post(spy, headers={"traceparent": parent})
    assert spy.requests[0].trace.correlation_id == "a" * 32
    assert spy.requests[0].trace.traceparent != parent


@pytest.mark.parametrize("parent", ["", "garbage", "00-" + "0" * 32 + "-" + "b" * 16 + "-01"])
def test_a_malformed_trace_is_replaced(parent: str) -> None:
    spy = Spy()
    post(spy, headers={"traceparent": parent})
    assert len(spy.requests[0].trace.correlation_id) == 32
    assert spy.requests[0].trace.correlation_id != "0" * 32


@pytest.mark.parametrize(
    ("condition", "status"),
    [('"v1"', 304), ('W/"v1"', 304), ("*", 304), ('"v0", "v1"', 304), ('"v2"', 200)],
)
def test_an_unchanged_resource_is_not_sent_again(condition: str, status: int) -> None:
    spy = Spy(Response(200, {"a": 1}, etag='"v1"'))
    reply = call(
        entrypoint(GET, spy), event("GET", "/orders", headers={"If-None-Match": condition})
    )
    assert reply.status == status
    assert (reply.text == "") == (status == 304)
    assert reply.headers["ETag"] == '"v1"'


def test_only_a_route_that_says_so_answers_that_nothing_changed() -> None:
    confirm = Route("POST", "/confirm", "Go on", responses={200: None})
    spy = Spy(Response(200, {"a": 1}, etag='"v1"'))
    sent = event("POST", "/confirm", headers={"If-None-Match": "*"})
    assert call(entrypoint(confirm, spy), sent).status == 200


def test_a_401_says_how_to_authenticate() -> None:
    assert post(Spy(), sub=None).headers["WWW-Authenticate"] == "Bearer"


def test_a_whole_number_is_an_integer_however_it_is_written() -> None:
    spy = Spy()
    assert post(spy, body={"lines": [{"sku": "A-1", "quantity": 2.0}]}).status == 201
    assert repr(spy.requests[0].body.lines[0].quantity) == "2"


@pytest.mark.parametrize("query", [{"limit": "x"}, {"unknown": "1"}])
def test_bad_parameters_are_named(query: dict[str, str]) -> None:
    reply = call(entrypoint(GET, Spy()), event("GET", "/orders", query=query))
    assert reply.status == 400
    assert reply.json["errors"][0]["parameter"] in query


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
