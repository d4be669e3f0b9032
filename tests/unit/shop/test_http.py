"""The HTTP edge: from an event of the gateway to its answer."""

import io

import pytest
from botocore.exceptions import ReadTimeoutError

from shop import invocation
from shop.http import Response, entrypoint
from tests.support.gateway import call, event
from tests.support.http_edge import BARE, GET, Spy, post


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("ord_use1_0123456789abcdefghjkmnpqrs", "ord_use1_0123456789abcdefghjkmnpqrs"),
        ("4242424242424242", "{order_id}"),
        ("ada%40example.com", "{order_id}"),
        ("\ufffd", "{order_id}"),
        ("", "{order_id}"),
    ],
)
def test_a_problem_names_the_path_with_the_ids_in_it_and_nothing_else(
    sent: str, shown: str
) -> None:
    """As the gateway does: what was sent in the place of an id may be anything."""
    asked = event("GET", f"/orders/{sent}", query={"x": "1"}, path_parameters={"order_id": sent})
    assert call(entrypoint(BARE, Spy()), asked).json["instance"] == f"/orders/{shown}"


def test_a_head_is_answered_as_the_get_that_it_stands_for() -> None:
    """The gateway leaves out the body; all else must be the same."""
    spy = Spy(Response(200, {"a": 1}, etag='"v1"'))
    got, asked = (call(entrypoint(GET, spy), event(m, "/orders")) for m in ("GET", "HEAD"))
    assert (asked.status, asked.headers, asked.text) == (got.status, got.headers, got.text)


def test_a_good_request_reaches_the_handler() -> None:
    spy = Spy()
    reply = post(spy)
    assert reply.status == 201
    assert reply.headers["X-Request-Id"] == "request-1"
    (request,) = spy.requests
    assert request.key == "k"
    assert request.user.scopes == {"shop:buy"}
    assert request.body.lines[0].sku == "A-1"


def test_a_fault_is_a_problem_and_a_log_line_without_its_text(log: io.StringIO) -> None:
    reply = post(Spy(ValueError("secret")))
    assert (reply.status, reply.json["code"]) == (500, "internal_error")
    assert "secret" not in reply.text
    assert "ValueError" in log.getvalue(), "a log that says nothing guards nothing"
    assert "secret" not in log.getvalue()


UNANSWERED = ReadTimeoutError(endpoint_url="https://kms.test")


def test_a_dependency_that_does_not_answer_is_no_bug_of_ours(
    capsys: pytest.CaptureFixture[str],
) -> None:
    reply = post(Spy(UNANSWERED))
    assert (reply.status, reply.json["code"]) == (503, "dependency_unavailable")
    assert reply.json["retryable"]
    assert int(reply.headers["Retry-After"]) > 0
    counted = capsys.readouterr().out
    assert "DependencyUnavailable" in counted
    assert "ServerError" not in counted


@pytest.mark.parametrize("fault", [ValueError("a bug"), UNANSWERED], ids=["bug", "dependency"])
def test_an_answer_without_a_known_outcome_says_how_to_learn_it(fault: Exception) -> None:
    keyed = post(Spy(fault)).json["detail"]
    assert "not known" in keyed
    assert "same key" in keyed
    other = call(entrypoint(GET, Spy(fault)), event("GET", "/orders")).json["detail"]
    assert "key" not in other


def test_a_handler_knows_how_long_it_may_take() -> None:
    spy = Spy()
    post(spy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(invocation, "remaining_s", lambda: 3.5)
        post(spy)
    assert spy.requests[1].remaining_s() == 3.5


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
