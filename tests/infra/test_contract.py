"""How the OpenAPI document becomes a gateway."""

import re
from dataclasses import replace
from typing import Any

import pytest

from infra.constructs.firewall import TOO_LONG
from infra.contract import RouteContract, check_functions, draft4, routes

LINE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sku"],
    "properties": {
        "sku": {"type": "string", "minLength": 1, "maxLength": 64, "title": "Sku"},
        "quantity": {"type": "integer", "exclusiveMinimum": 0, "maximum": 99},
    },
}


def document(**schemas: Any) -> dict[str, Any]:
    return {"components": {"schemas": schemas}}


def operation(**members: Any) -> dict[str, Any]:
    wanted = {"x-cartwright-function": "orders.place_order", "x-cartwright-auth": "customer"}
    return {"paths": {"/orders/{order_id}/lines": {"post": {**wanted, **members}}}}


def test_references_are_resolved() -> None:
    lines = {"type": "array", "items": {"$ref": "#/components/schemas/Line"}, "maxItems": 5}
    schema = draft4(document(Order={"properties": {"lines": lines}}, Line=LINE), "Order")
    assert schema["properties"]["lines"]["items"]["required"] == ["sku"]


def test_what_the_handler_names_itself_is_left_out() -> None:
    schema = draft4(document(Line=LINE), "Line")
    assert schema["properties"]["sku"] == {"type": "string", "minLength": 1}
    assert "additionalProperties" not in schema


def test_an_exclusive_limit_is_written_as_draft_4_does() -> None:
    quantity = draft4(document(Line=LINE), "Line")["properties"]["quantity"]
    assert quantity == {"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 99}


def test_a_constant_is_an_enumeration_of_one() -> None:
    assert draft4(document(Kind={"const": "card"}), "Kind")["enum"] == ["card"]


def test_a_property_may_be_called_like_a_keyword() -> None:
    kind = {"properties": {"format": {"type": "string"}, "title": {"type": "string"}}}
    assert set(draft4(document(Kind=kind), "Kind")["properties"]) == {"format", "title"}


def test_a_schema_that_contains_itself_stops_the_synth() -> None:
    tree = {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    with pytest.raises(SystemExit, match="contains itself"):
        draft4(document(Tree=tree), "Tree")


def test_a_route_knows_its_function_limits_and_parameters() -> None:
    (route,) = routes(
        operation(**{"x-cartwright-throttle": {"rate": 5, "burst": 9}, "parameters": []})
    )
    assert (route.method, route.service, route.name) == ("POST", "orders", "place_order")
    assert route.path_parameters == ("order_id",)
    assert route.throttle is not None
    assert (route.throttle.rate, route.throttle.burst) == (5, 9)
    assert route.body is None


def test_a_body_without_a_name_stops_the_synth() -> None:
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    with pytest.raises(SystemExit, match=r"must be a \$ref"):
        routes(operation(requestBody=body | {"required": True}))
    (optional,) = routes(operation(requestBody=body))
    assert optional.body is None, "the gateway refuses a request that leaves it out"


def test_a_route_without_its_function_stops_the_synth() -> None:
    found = routes(operation())
    check_functions(found, frozenset({"orders.place_order"}))
    with pytest.raises(SystemExit, match=r"'orders.place_order', which is in no stack"):
        check_functions(found, frozenset({"orders.list_orders"}))


def test_each_route_has_a_function_of_its_own(contract: list[RouteContract]) -> None:
    names = [route.function for route in contract if route.method != "HEAD"]
    assert len(set(names)) == len(names)


def test_every_get_has_a_head_and_nothing_else_has(contract: list[RouteContract]) -> None:
    """RFC 9110, 9.1: what differs is the method."""
    heads = {route.path: route for route in contract if route.method == "HEAD"}
    gets = {route.path: route for route in contract if route.method == "GET"}
    assert heads == {path: replace(route, method="HEAD") for path, route in gets.items()}
    assert len(gets) > 10


@pytest.mark.parametrize("length", [262_145, 262_150, 262_200, 263_000, 270_000, 300_000, 10**9])
def test_the_firewall_refuses_bodies_above_256_kb(length: int) -> None:
    assert re.match(TOO_LONG, str(length))
    assert re.match(TOO_LONG, f"000{length}")


@pytest.mark.parametrize("length", [0, 1, 65_536, 199_999, 262_143, 262_144])
def test_the_firewall_lets_smaller_bodies_pass(length: int) -> None:
    assert not re.match(TOO_LONG, str(length))
