"""What holds of every text that a client may send, in every body and parameter of every route."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest
from pydantic import AfterValidator, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from shop.http import Response, entrypoint
from tests.support.gateway import call, event
from tools.contracts import discover

OPERATIONS = discover.operations()
MARK = "Zq7-4242424242424242-qZ"  # No pattern and no list has it.
BODIES = [op for op in OPERATIONS if op.route.request or op.route.query]
NAMES = [f"{op.service}.{op.name}" for op in BODIES]


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """A model and those that it is made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for part in get_args(kind):
        yield from models(part)


def texts(kind: Any, metadata: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The types of text in an annotation, with all that is said of them."""
    if isinstance(kind, type) and issubclass(kind, str | SecretStr):
        yield kind, metadata
    elif hasattr(kind, "__metadata__"):
        yield from texts(kind.__origin__, (*metadata, *kind.__metadata__))
    else:
        for part in get_args(kind):
            yield from texts(part, metadata)


def said(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for item in metadata:
        yield from item.metadata if isinstance(item, FieldInfo) else (item,)


def is_bounded(metadata: tuple[Any, ...]) -> bool:
    return any(getattr(item, "pattern", None) for item in said(metadata))


def is_folded(metadata: tuple[Any, ...]) -> bool:
    """Whether its validator makes one form of it."""
    functions = [item.func for item in said(metadata) if isinstance(item, AfterValidator)]
    return any(f.__qualname__.startswith("_folded.") for f in functions)


@pytest.mark.parametrize("operation", BODIES, ids=NAMES)
def test_every_text_has_a_grammar_or_one_form(operation: discover.Operation) -> None:
    """What people write freely is folded (shop.human_text); all else has a pattern, or is a token
    or a cursor, which is compared as it was made."""
    for model in itertools.chain(models(operation.route.request), models(operation.route.query)):
        for name, field in model.model_fields.items():
            for kind, metadata in texts(field.annotation, tuple(field.metadata)):
                assert (
                    kind is SecretStr
                    or name == "cursor"
                    or is_bounded(metadata)
                    or is_folded(metadata)
                ), f"{model.__name__}.{name}: use Text20, Text50 or Text100, or give it a pattern"


def places(schema: dict[str, Any], document: dict[str, Any], value: Any) -> Iterator[Any]:
    """Bodies with `value` in one place after the other, and nothing else."""
    schema = resolve(schema, document)
    yield value
    for name, part in schema.get("properties", {}).items():
        yield from ({name: inner} for inner in places(part, document, value))
    if schema.get("type") == "object":
        yield {value if isinstance(value, str) else MARK: 1}
    if "items" in schema:
        yield from ([inner] for inner in places(schema["items"], document, value))


def resolve(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    for part in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if "$ref" in part:
            found: dict[str, Any] = document["$defs"][part["$ref"].rpartition("/")[2]]
            return found
        if part.get("type") in ("object", "array"):
            return dict(part)
    return schema


@pytest.mark.parametrize("operation", BODIES, ids=NAMES)
def test_no_problem_quotes_what_was_sent(operation: discover.Operation) -> None:
    """Not in a detail, not in the name of a field: it may be a card number in the wrong place."""
    route = replace(operation.route, responses={200: None})  # Whatever is accepted.
    handler = entrypoint(route, lambda _: Response(200))
    refused = 0
    for sent in requests(operation):
        scope = " ".join(route.scopes) or "shop:buy"
        parameters = dict.fromkeys(re.findall(r"{(\w+)}", route.path), MARK)
        asked = event(route.method, f"/{MARK}", key="k", scope=scope, **sent)
        reply = call(handler, asked | {"pathParameters": parameters})
        refused += reply.status == 400
        assert MARK not in reply.text, reply.text
        assert "4242" not in reply.text, reply.text
    assert refused > 1


def requests(operation: discover.Operation) -> Iterator[dict[str, Any]]:
    route = operation.route
    if route.form and route.request is not None:
        for name in route.request.model_fields:
            for text in (MARK, f"\u202e{MARK}\u0000", MARK * 500):
                yield {"form": {name: text, MARK: text}}
        yield {"form": [(MARK, "1"), (MARK, "2")]}
        yield {"raw": MARK, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    elif route.request is not None:
        schema = route.request.model_json_schema()
        for value in (MARK, [MARK], {MARK: MARK}, f"\u202e{MARK}\u0000", 4242424242424242.5):
            yield from ({"body": body} for body in places(schema, schema, value))
        yield {"raw": json.dumps({MARK: 1})[:-1]}
        yield {"raw": MARK}
    if route.query is not None:
        for name in (*route.query.model_fields, MARK):
            yield from (
                {"query": {name: value}}
                for value in (MARK, f"2026-11-28T00:00:0{MARK}", f"\u202e{MARK}")
            )
