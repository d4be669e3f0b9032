"""What the HTTP edge makes of what a handler answers."""

import pytest

from shop import problems
from shop.http import Response, Route, entrypoint
from shop.idempotency import StoredResponse
from shop.problems import Problem
from shop.rate_limits import Quota, exhausted
from tests.support.gateway import call, event
from tests.support.http_edge import GET, Spy, post


@pytest.mark.parametrize("fault", [None, ValueError("a fault")])
def test_every_answer_is_nobodys_page_and_nobodys_frame(fault: Exception | None) -> None:
    """OWASP REST Security Cheat Sheet."""
    headers = post(Spy(fault)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_problem_is_rendered_with_its_headers() -> None:
    spy = Spy(Problem(problems.RATE_LIMITED, "slow down", headers={"Retry-After": "3"}))
    reply = post(spy)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "3")


@pytest.mark.parametrize(
    "kind", [problems.RATE_LIMITED, problems.SERVICE_UNAVAILABLE, problems.DEPENDENCY_UNAVAILABLE]
)
def test_what_comes_back_says_when_even_if_nobody_said_so(kind: problems.ProblemType) -> None:
    reply = post(Spy(Problem(kind, "not now")))
    assert (reply.status, reply.headers["Retry-After"]) == (kind.status, "2")
    assert "Retry-After" in reply.headers["Access-Control-Expose-Headers"]
    assert "Retry-After" not in post(Spy(Problem(problems.INVALID_REQUEST, "never"))).headers


def test_a_limited_route_tells_its_policy_with_every_answer() -> None:
    quotas = (Quota("network", 5, 900), Quota("address", 100, 3600))
    limited = Route("POST", "/tries", "Try", auth="public", responses={200: None}, quotas=quotas)
    for result in (Response(200), Problem(problems.INVALID_REQUEST, "no"), ValueError("a fault")):
        headers = call(entrypoint(limited, Spy(result)), event("POST", "/tries", sub=None)).headers
        assert headers["RateLimit-Policy"] == '"network";q=5;w=900, "address";q=100;w=3600'
        assert "RateLimit, RateLimit-Policy" in headers["Access-Control-Expose-Headers"]
        assert "RateLimit" not in headers
    assert "RateLimit-Policy" not in post(Spy()).headers


def test_a_refusal_tells_which_quotas_are_used_up_and_when_there_is_more() -> None:
    """And to come back when all of them have more."""
    assert exhausted({"network": 870, "address": 3000}) == {
        "Retry-After": "3000",
        "RateLimit": '"network";r=0;t=870, "address";r=0;t=3000',
    }


def test_a_stored_answer_is_sent_byte_for_byte() -> None:
    from shop.http import replayed_response

    text = '{"b": 1,  "a":2}'
    reply = post(Spy(replayed_response(StoredResponse(201, text), replayed=True)))
    assert (reply.text, reply.headers["Idempotency-Replayed"]) == (text, "true")


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
