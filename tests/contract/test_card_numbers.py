"""Into whatever text of whatever route a card number is put: it is refused, and the use case is
never called. Bodies are made from the schemas, so a new field is held to it, too.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st

from shop import card_numbers
from shop.http import Request, Response, Route, entrypoint
from tests.support.gateway import Reply, call, event
from tools.contracts import discover

NUMBER = "4242424242424242"
FORMS = (
    NUMBER,
    "4242 4242 4242 4242",
    "A4242-4242-4242-4242",
    f"ref {NUMBER}",
    f"{NUMBER}@a.example",
)
OPERATIONS = discover.operations()
READING = {f"{op.service}.{op.name}": op for op in OPERATIONS if op.route.request}
FORMS_OF = {name: op for name, op in READING.items() if op.route.form}
ASKING = {f"{op.service}.{op.name}": op for op in OPERATIONS if op.route.query}
KEYED = {f"{op.service}.{op.name}": op for op in OPERATIONS if op.route.idempotent}
# What a pattern alone does not say.
KNOWN = {
    "code": "123456", "purpose": "step_up",
    "country": "US", "region": "NJ", "postal_code": "07102", "currency": "USD",
    "email": "ada@shop.example", "locale": "en", "return_url": "https://shop.example/back",
}  # fmt: skip
# Of two that exclude each other the sample has the second.
OR = {"channel": "factor_id", "recovery_code": "code"}


def sample(schema: dict[str, Any], document: dict[str, Any], name: str = "") -> Any:
    """A value with everything that may stand in it."""
    if "$ref" in schema:
        return sample(document["$defs"][schema["$ref"].rpartition("/")[2]], document, name)
    for kind in ("anyOf", "oneOf", "allOf"):
        if kind in schema:
            part = next(each for each in schema[kind] if each.get("type") != "null")
            return sample({**part}, document, name)
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    all_ = schema.get("properties", {})
    parts = {key: part for key, part in all_.items() if OR.get(key) not in all_}
    made: dict[str, Callable[[], Any]] = {
        "object": lambda: {key: sample(part, document, key) for key, part in parts.items()},
        "array": lambda: [sample(schema["items"], document, name)],
        "string": lambda: KNOWN.get(name) or _text(schema),
        "integer": lambda: schema.get("minimum", 1),
        "boolean": lambda: True,
    }
    return made[schema["type"]]()


def _text(schema: dict[str, Any]) -> str:
    if schema.get("examples"):
        return str(schema["examples"][0])
    if "pattern" not in schema:
        length = max(schema.get("minLength", 0), min(schema.get("maxLength", 30), 30))
        return ("quiet-harbour-lanterns-" * 3)[:length]
    made = st.from_regex(schema["pattern"], fullmatch=True)
    kept = made.filter(lambda text: schema.get("minLength", 0) <= len(text))
    return str(kept.example())


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where texts stand."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(part, (*path, key))


def changed(value: Any, path: tuple[Any, ...], text: str) -> Any:
    out = copy.deepcopy(value)
    holder = out
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = text
    return out


def ask(route: Route, **sent: Any) -> tuple[Reply, bool]:
    """The answer, and whether the use case was called."""
    calls: list[Request[Any]] = []

    def handle(request: Request[Any]) -> Response:
        calls.append(request)
        return Response(200)

    handler = entrypoint(replace(route, responses={200: None}), handle)
    scope = " ".join(route.scopes) or "shop:buy"
    reply = call(handler, event(route.method, "/x", **{"key": "k", "scope": scope, **sent}))
    return reply, bool(calls)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
@pytest.mark.parametrize("operation", READING.values(), ids=READING)
def test_no_text_of_a_body_may_have_a_card_number(operation: discover.Operation) -> None:
    route = operation.route
    assert route.request is not None
    schema = route.request.model_json_schema()
    body = sample(schema, schema)
    kind = "form" if route.form else "body"
    reply, called = ask(route, **{kind: body})
    assert called, f"the sample is none: {reply.text}"
    found = list(leaves(body))
    told = 0
    for path in found:
        for text in FORMS:
            reply, called = ask(route, **{kind: changed(body, path, text)})
            assert (reply.status, called) == (400, False), (path, text)
            assert not card_numbers.is_in(reply.text), reply.text
            told += "Card numbers are not taken here." in reply.text
    free = [path for path in found if path[-1] not in KNOWN and "id" not in str(path[-1])]
    assert told or not free, "each text is refused for another reason: test it with one that fits"


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
@pytest.mark.parametrize("operation", FORMS_OF.values(), ids=FORMS_OF)
def test_no_field_that_a_form_has_too_many_may_have_a_card_number(
    operation: discover.Operation, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is passed over, but whoever sent it has to hear of it."""
    route = operation.route
    assert route.request is not None
    schema = route.request.model_json_schema()
    form = sample(schema, schema)
    for name, text in [("primary_account", NUMBER), (NUMBER, "1")]:
        reply, called = ask(route, form=form | {name: text})
        assert (reply.status, called) == (400, False), (name, text)
        assert not card_numbers.is_in(reply.text), reply.text
        assert "primary_account" not in reply.text
    assert not card_numbers.is_in(capsys.readouterr().out)


@pytest.mark.parametrize("operation", ASKING.values(), ids=ASKING)
def test_no_parameter_may_have_a_card_number(operation: discover.Operation) -> None:
    route = operation.route
    assert route.query is not None
    for name in (*route.query.model_fields, NUMBER):
        for text in FORMS:
            reply, called = ask(route, query={name: text})
            assert (reply.status, called) == (400, False), (name, text)
            assert not card_numbers.is_in(reply.text), reply.text


@pytest.mark.parametrize("operation", KEYED.values(), ids=KEYED)
def test_no_key_may_have_a_card_number(operation: discover.Operation) -> None:
    for key in (NUMBER, "4242-4242-4242-4242", f"order-{NUMBER}", f"{NUMBER}x"):
        reply, called = ask(operation.route, key=key)
        assert (reply.status, reply.json["code"], called) == (400, "idempotency_key_invalid", False)
        assert reply.json["errors"][0]["code"] == "card_number"
        assert not card_numbers.is_in(reply.text)
