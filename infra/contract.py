"""The API contract as the gateway needs it: routes and request schemas, read from OpenAPI 3.1."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from infra.stages import Throttle

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
Auth = Literal["public", "customer", "staff", "signature"]


@dataclass(frozen=True, kw_only=True)
class RouteContract:
    """A method on a path: an operation of the document, or HEAD of one that is a GET."""

    method: str
    path: str
    function: str  # <service>.<name>
    auth: Auth
    idempotent: bool
    throttle: Throttle | None
    asks_each_time: bool  # the authorizer, whose answer is kept otherwise
    body: str | None  # the name of its component schema
    path_parameters: tuple[str, ...]

    @property
    def service(self) -> str:
        """The service that answers."""
        return self.function.partition(".")[0]

    @property
    def needs_token(self) -> bool:
        """Whether the authorizer guards it; else it is open, or its function checks a signature."""
        return self.auth in ("customer", "staff")

    @property
    def name(self) -> str:
        """The function's name within its service."""
        return self.function.partition(".")[2]


def routes(document: Mapping[str, Any]) -> list[RouteContract]:
    """All operations, in the order of the document, each GET with its HEAD.

    The same function answers both, and HTTP has no body in the answer to a HEAD: see ADR 0024.
    """
    operations = [
        _route(method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    return [made for route in operations for made in (route, *_head(route))]


def _head(route: RouteContract) -> Iterator[RouteContract]:
    if route.method == "GET":
        yield replace(route, method="HEAD")


def _route(method: str, path: str, operation: Mapping[str, Any]) -> RouteContract:
    throttle = operation.get("x-cartwright-throttle")
    return RouteContract(
        method=method.upper(),
        path=path,
        function=operation["x-cartwright-function"],
        auth=operation["x-cartwright-auth"],
        idempotent=bool(operation.get("x-cartwright-idempotent")),
        throttle=Throttle(rate=throttle["rate"], burst=throttle["burst"]) if throttle else None,
        asks_each_time=bool(operation.get("x-cartwright-asks-each-time")),
        body=_body(path, operation),
        path_parameters=tuple(
            part[1:-1] for part in path.split("/") if part.startswith("{") and part.endswith("}")
        ),
    )


def _body(path: str, operation: Mapping[str, Any]) -> str | None:
    body = operation.get("requestBody", {})
    content = body.get("content", {})
    signed = operation["x-cartwright-auth"] == "signature"  # Its form is the signer's.
    # Where none is expected, the gateway would miss it: the function refuses what it does not know.
    if signed or not body.get("required") or "application/json" not in content:
        return None
    reference: str = content["application/json"]["schema"].get("$ref", "")
    if not reference.startswith("#/components/schemas/"):
        raise SystemExit(f"{path}: the body must be a $ref to a component schema.")
    return reference.rpartition("/")[2]


def paths_of(found: Iterable[RouteContract], service: str) -> list[str]:
    """The paths of a service's routes, each once: the order of the gateway's list of their ids."""
    return sorted({route.path for route in found if route.service == service})


def check_paths(found: Iterable[RouteContract]) -> None:
    """Stop the synth at a path that two services answer: its preflight would be in two stacks."""
    owners: dict[str, str] = {}
    for route in found:
        owner = owners.setdefault(route.path, route.service)
        if owner != route.service:
            raise SystemExit(
                f"{route.path} is answered by {owner} and {route.service}: give one of them a path "
                "of its own."
            )


def check_functions(found: list[RouteContract], known: frozenset[str]) -> None:
    """Stop the synth at a route that no stack serves."""
    for route in found:
        if route.function not in known:
            raise SystemExit(
                f"{route.method} {route.path} names the function '{route.function}', which is in "
                f"no stack: declare it in functions/{route.service}/deploy.py."
            )


def draft4(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A component schema in the dialect of API Gateway, all references resolved.

    Left out is what the handler answers better: unknown fields and lengths, which it names in
    `errors`, and sizes, for which 413 comes before 400. Formats and defaults say nothing here.
    """
    schemas = document["components"]["schemas"]
    converted = dict(_members(schemas[name], schemas, (name,)))
    return {"$schema": "http://json-schema.org/draft-04/schema#", "title": name, **converted}


_SAME = frozenset(
    {"enum", "maximum", "minItems", "minLength", "minimum", "multipleOf", "pattern"}
    | {"required", "type", "uniqueItems", "minProperties", "maxProperties"}
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
_RENAMED: Mapping[str, Callable[[Any], tuple[tuple[str, Any], ...]]] = {
    "const": lambda value: (("enum", [value]),),
    "exclusiveMinimum": lambda value: (("minimum", value), ("exclusiveMinimum", True)),
    "exclusiveMaximum": lambda value: (("maximum", value), ("exclusiveMaximum", True)),
}


def _members(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], seen: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in seen:
            raise SystemExit(f"The schema {name} contains itself, which the gateway cannot check.")
        yield from _members(schemas[name], schemas, (*seen, name))
        return
    for key, value in schema.items():
        yield from _member(key, value, schemas, seen)


def _member(
    key: str, value: Any, schemas: Mapping[str, Any], seen: tuple[str, ...]
) -> Iterator[tuple[str, Any]]:
    def convert(part: Mapping[str, Any]) -> dict[str, Any]:
        return dict(_members(part, schemas, seen))

    if key in _SAME:
        yield key, value
    elif key in _LISTS:
        yield key, [convert(part) for part in value]
    elif key in _RENAMED:
        yield from _RENAMED[key](value)
    elif key == "properties":
        yield key, {name: convert(part) for name, part in value.items()}
    elif key in {"items", "not", "additionalProperties"} and isinstance(value, dict):
        yield key, convert(value)
