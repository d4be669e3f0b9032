"""A key stands for one request of one customer: whatever else differs, the answer is 422.

Bodies come from the schemas, so that a field that is added tomorrow is looked at too.
"""

import copy
import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shop import user_keys
from shop.checkout import ExecutionFailed
from shop.checkout_execution import StepFunctionsCheckout
from tests.support import dynamodb
from tests.support.checkout_scenario import started
from tests.support.gateway import CUSTOMER, Reply, call, event
from tools.contracts.discover import Operation, operations

OTHER = "usr_use1_0000000000000000000000000b"
KEYED = {op.name: op for op in operations() if op.route.idempotent and op.route.request is not None}
# One body for each schema, with every field that there is, the optional ones too. The address is
# where no part of it decides about another, so that each may differ alone.
ADDRESS = {
    "name": "Ada Example", "line1": "1 Test Street", "line2": "Back door", "city": "Kowloon",
    "region": "KLN", "postal_code": "999077", "country": "HK", "phone": "+852 5550 0100",
}  # fmt: skip
LINES = [{"sku": "TEA-1", "quantity": 2}, {"sku": "TEA-2", "quantity": 1}]
PAYING = {"payment_method": "pm_card_visa", "return_url": "https://shop.test/back"}
BODIES: dict[str, dict[str, Any]] = {
    "PlaceOrderIn": {"lines": LINES, "shipping_address": ADDRESS, "currency": "EUR"},
    "CheckoutIn": {"lines": LINES, "address": ADDRESS, "currency": "EUR", **PAYING},
    "PaymentIn": {
        "order_id": "ord_use1_00000000000000000000000001",
        "capture_method": "automatic",
        **PAYING,
    },
}
Path = tuple[str | int, ...]


def _schema(operation: Operation) -> type[BaseModel]:
    assert operation.route.request is not None
    return operation.route.request


def _body(operation: Operation) -> dict[str, Any]:
    return BODIES[_schema(operation).__name__]


def _leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    parts: Any = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        yield path, value
    for name, part in parts:
        yield from _leaves(part, (*path, name))


def _named(schema: dict[str, Any], root: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The leaves that a schema names; items of lists without their number."""
    options = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    for option in options:
        found = root["$defs"][option["$ref"].rsplit("/", 1)[1]] if "$ref" in option else option
        if "properties" in found:
            for name, part in found["properties"].items():
                yield from ((name, *rest) for rest in _named(part, root))
        elif "items" in found:
            yield from _named(found["items"], root)
        else:
            yield ()


def _others(value: Any) -> Iterator[Any]:
    """Values that are near this one: what a schema takes is found among them."""
    if isinstance(value, int):
        yield value + 1
        return
    yield from ("manual", "USD", "GB")
    for place, letter in enumerate(value):
        for other in "2BbXx":
            if other != letter:
                yield value[:place] + other + value[place + 1 :]


def _with(body: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    at: Any = changed
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return changed


def _accepted(schema: type[BaseModel], body: dict[str, Any]) -> bool:
    try:
        schema.model_validate(body)
    except ValidationError:
        return False
    return True


def _variants(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body that differs in one thing: a leaf that is another or is missing, a list's end."""
    body, schema = _body(operation), _schema(operation)
    for path, value in _leaves(body):
        near = (_with(body, path, other) for other in _others(value) if other != value)
        yield f"another {path}", next(each for each in near if _accepted(schema, each))
        without = _with(body, path, None)
        if _accepted(schema, without):
            yield f"no {path}", without
    for name, value in body.items():
        if isinstance(value, list):
            yield f"fewer {name}", body | {name: value[:-1]}
            yield f"{name} in another order", body | {name: value[::-1]}


def _send(operation: Operation, body: dict[str, Any], **options: Any) -> Reply:
    handler = importlib.import_module(f"{operation.service}.api.{operation.name}").handler
    path = operation.route.path
    return call(handler, event(operation.route.method, path, body=body, key="key", **options))


def _unanswered(*_: Any, **__: Any) -> None:
    raise ExecutionFailed("TIMED_OUT")


@pytest.fixture(params=sorted(KEYED))
def keyed(
    request: pytest.FixtureRequest, moto_aws: None, monkeypatch: pytest.MonkeyPatch
) -> Operation:
    """A route that takes a key and a body; whatever it starts does not end in time."""
    dynamodb.create("orders", "payments")
    for customer in (CUSTOMER, OTHER):
        user_keys.remember(customer, customer.encode()[-32:])
    monkeypatch.setattr(StepFunctionsCheckout, "run", _unanswered)
    return KEYED[request.param]


@pytest.mark.parametrize("operation", KEYED.values(), ids=KEYED)
def test_the_bodies_of_these_tests_have_every_field(operation: Operation) -> None:
    schema = _schema(operation).model_json_schema()
    leaves = {tuple(x for x in path if isinstance(x, str)) for path, _ in _leaves(_body(operation))}
    assert set(_named(schema, schema)) == leaves


def test_a_key_belongs_to_one_body_every_leaf_of_it(keyed: Operation) -> None:
    body = _body(keyed)
    assert _send(keyed, body).status == 503, "it is not known yet how it ended"
    passed = [
        what
        for what, variant in _variants(keyed)
        if _send(keyed, variant).json["code"] != "idempotency_key_reused"
    ]
    assert not passed, "a request that is another one was taken for the same"
    assert _send(keyed, body).status == 503, "the same request may be repeated"


def test_a_key_belongs_to_one_customer(keyed: Operation) -> None:
    body = _body(keyed)
    _, another = next(_variants(keyed))
    assert _send(keyed, body, sub=CUSTOMER).status == 503
    assert _send(keyed, another, sub=OTHER).status == 503, "the others know nothing of it"
    rows = [row for name in ("orders", "payments") for row in dynamodb.rows(name)]
    assert sorted(str(row["customer_id"]) for row in rows) == [CUSTOMER, OTHER]


def test_a_key_belongs_to_one_route(keyed: Operation) -> None:
    """On another one it is another request, or it is refused; never the first one again."""
    first = _send(keyed, _body(keyed))
    assert first.status == 503
    for other in KEYED.values():
        if other is not keyed:
            reply = _send(other, _body(other))
            refused = reply.json["code"] == "idempotency_key_reused"
            assert refused or reply.status == 503, "its own end, which is not known yet"
            assert "Idempotency-Replayed" not in reply.headers


TARGETED = [op for op in operations() if op.route.idempotent and "{" in op.route.path]


@pytest.mark.parametrize("operation", TARGETED, ids=lambda op: op.name)
def test_a_key_belongs_to_one_target(operation: Operation, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another target it is another request, with its own answer and its own repeats."""
    assert operation.name == "cancel_order", "teach this test what a target of the new route is"
    with started(monkeypatch) as shop:
        shop.stock("TEA-1", units=9)
        targets = [str(shop.order(f"k{n}", {"TEA-1": 1}).json["order_id"]) for n in range(2)]
        firsts = {target: shop.cancel(target, key="one-key") for target in targets}
        for target, first in firsts.items():
            assert first.status == 202
            assert first.json["order_id"] == target
            assert "Idempotency-Replayed" not in first.headers
        for target, first in firsts.items():
            again = shop.cancel(target, key="one-key")
            assert again.text == first.text
            assert again.headers["Idempotency-Replayed"] == "true"
