"""Whatever route it is sent to: a body that two readers may read in two ways is a 400, one that is
not expected is not passed over, and one that is compressed or no JSON is a 415."""

import importlib
import json
from typing import Any

import pytest

from payments.api import receive_webhook
from shop import problems
from tests.support import gateway
from tests.support.checkout_scenario import CheckoutScenario, started
from tests.support.psp import signed
from tests.unit.shop.test_untrusted_json import UNCLEAR
from tools.contracts.discover import Operation, operations

ALL = {op.name: op for op in operations()}
FORMS = {op.name: op for op in operations() if op.route.form}
READING = {op.name: op for op in operations() if op.route.request is not None and not op.route.form}
SIGNED = [op.name for op in operations() if op.route.auth == "signature"]
TEXTS = {name: raw.decode() for name, raw in UNCLEAR.items() if name not in ("not UTF-8", "UTF-16")}


@pytest.mark.parametrize("operation", READING.values(), ids=READING)
def test_no_route_reads_an_unclear_body(operation: Operation, moto_aws: None) -> None:
    """There are no tables: what went on from here would be a fault."""
    module = importlib.import_module(f"{operation.service}.api.{operation.name}")
    scope = " ".join(operation.route.scopes)
    for name, text in TEXTS.items():
        sent = gateway.event(
            operation.route.method, operation.route.path, raw=text, key="k", scope=scope
        )
        reply = gateway.call(module.handler, sent)
        assert (reply.status, reply.json["code"]) == (400, "invalid_request"), name


UNCLEAR_FORMS = {
    "nothing": "",
    "a name twice": "token=a&grant_type=a&token=b&grant_type=b",
    "a name twice, once in another form": "token=a&tok%65n=b&grant_type=a&grant%5Ftype=b",
    "no UTF-8": "token=%ff&grant_type=%ff",
    "no pair": "token",
    "no form": '{"token": "a", "grant_type": "a"}',
    "not ASCII": "token=\u00e9&grant_type=\u00e9",
    "too many": "token=a&grant_type=a&" + "&".join(f"x{n}=1" for n in range(70)),
}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("operation", FORMS.values(), ids=FORMS)
def test_no_route_reads_an_unclear_form(operation: Operation, moto_aws: None) -> None:
    for name, text in UNCLEAR_FORMS.items():
        reply = send(operation, text, FORM)
        assert (reply.status, code_of(reply)) == (400, "invalid_request"), name
    for kind in (
        "application/json",
        "multipart/form-data",
        "text/plain",
        "application/x-www-form-urlencoded; charset=latin-1",
    ):
        reply = send(operation, "token=a&grant_type=a", {"Content-Type": kind})
        assert (reply.status, code_of(reply)) == (415, "invalid_request"), kind


def code_of(reply: gateway.Reply) -> str:
    """Of a problem document, or of an error as OAuth has it; a page for people has its title."""
    if reply.headers["Content-Type"].startswith("text/html"):
        assert problems.INVALID_REQUEST.title in reply.text or reply.status == 415
        return "invalid_request"
    return str(reply.json.get("code") or reply.json["error"])


BODILESS = {
    name: op
    for name, op in ALL.items()
    if op.name not in READING and op.name not in SIGNED and op.name not in FORMS
}
JSON, TEXT = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
GZIP = {"Content-Encoding": "gzip"}


def send(operation: Operation, raw: str, headers: dict[str, str]) -> gateway.Reply:
    module = importlib.import_module(f"{operation.service}.api.{operation.name}")
    route, scope = operation.route, " ".join(operation.route.scopes)
    sent = gateway.event(route.method, route.path, raw=raw, key="k", scope=scope, headers=headers)
    return gateway.call(module.handler, sent)


@pytest.mark.parametrize("operation", BODILESS.values(), ids=BODILESS)
def test_no_route_passes_over_a_body_that_it_does_not_expect(
    operation: Operation, moto_aws: None
) -> None:
    for raw, headers, status in (
        ('{"4242424242424242": 1}', JSON, 400),
        ("[]", JSON, 400),
        ("{", JSON, 400),
        ('{"a": 1, "a": 1}', JSON, 400),
        ("{}", TEXT, 415),
    ):
        reply = send(operation, raw, headers)
        assert reply.status == status, (raw, reply.text)
        assert "4242" not in reply.text


@pytest.mark.parametrize("operation", ALL.values(), ids=ALL)
def test_no_route_takes_a_compressed_body(operation: Operation, moto_aws: None) -> None:
    kind = FORM if operation.route.form else JSON
    reply = send(operation, "{}", kind | GZIP)
    assert reply.status == 415
    assert code_of(reply) in ("unsupported_media_type", "invalid_request")
    assert reply.headers["Accept-Encoding"] == "identity"


def test_a_signature_makes_no_body_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    assert SIGNED == ["receive_webhook"], "teach this test what a body of the new route is"
    with started(monkeypatch) as shop:
        for name, text in TEXTS.items():
            event = {"id": "evt_1", "object": "event", "type": "x", "data": "HERE"}
            for body in (text, json.dumps(event).replace('"HERE"', text)):
                if name == "nothing" and body != text:
                    continue
                reply = _webhook(body)
                assert (reply.status, reply.json["code"]) == (400, "invalid_request"), name
        assert shop.events() == []
        assert _stored(shop) == 0


def _webhook(body: str) -> gateway.Reply:
    _, headers = signed(body)
    sent = gateway.event(
        "POST", "/webhooks/psp/stripe", raw=body, sub=None, headers=headers,
        path_parameters={"psp": "stripe"},
    )  # fmt: skip
    return gateway.call(receive_webhook.handler, sent)


def _stored(shop: CheckoutScenario) -> int:
    table: Any = shop.tables["payments"]
    return sum(len(partition) for partition in table.items.values())
