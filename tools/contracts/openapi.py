"""docs/openapi.json: OpenAPI 3.1 from the routes and their pydantic models."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shop import charset, ids
from shop.deploy import discover
from shop.http import Link, NoFields, Route
from shop.problems import ProblemType, oauth_error
from shop.schemas import OAuthErrorOut, ProblemOut
from tools.contracts.answers import problem_types_of
from tools.contracts.discover import Operation

REF = "#/components/schemas/{model}"
HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "Names the request: in logs, events and problem documents.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "For If-None-Match and If-Match.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "`true`: this is the first answer to this key again.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "In how many seconds to repeat the request.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "RateLimit": {
        "description": (
            "Which limits are used up, and in how many seconds there is more "
            "(draft-ietf-httpapi-ratelimit-headers, a list of RFC 9651)."
        ),
        "schema": {"type": "string", "examples": ['"network";r=0;t=870']},
    },
    "RateLimit-Policy": {
        "description": (
            "How often one caller may ask: the quota in a window of so many seconds "
            "(draft-ietf-httpapi-ratelimit-headers, a list of RFC 9651)."
        ),
        "schema": {"type": "string", "examples": ['"network";q=5;w=900, "address";q=100;w=3600']},
    },
    "WWW-Authenticate": {
        "description": (
            "How to authenticate (RFC 9110, 11.6.1). API Gateway calls the header of a function "
            "`x-amzn-Remapped-WWW-Authenticate`, so it may be missing where the answer is not the "
            "gateway's own."
        ),
        "schema": {"type": "string"},
    },
}
DESCRIPTION = """\
Catalog, orders, payments, inventory and the ledger behind one HTTP API.

Money is `{"amount": <integer minor units>, "currency": "<ISO 4217>"}`. Times are RFC 3339 UTC.
Errors are RFC 9457 problem documents; `code` is the contract. Routes that need an
`Idempotency-Key` answer a repeat with the first answer, byte for byte; a key belongs to you, the
route and what its path names."""
KEY = """\
One key per intended effect; repeat it to get the first answer. It belongs to you, this route, and
what the path names: the same key sent to cancel two orders is two requests, and each is carried
out. With another body, or on another route, it is another request or is refused. At most 255
visible ASCII characters, once; a UUID is good."""
CLIENT_KEY = """\
Send one with each request, and the same when you repeat it because its answer was lost: that is how
you are known again, wherever you repeat it from, and told from a thief of the token. Without one
you are known by your network and User-Agent."""
NO_FIELDS = {
    name: value
    for name, value in NoFields.model_json_schema().items()
    if name in {"type", "additionalProperties"}
}
SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "public": [],
    "customer": [{"accessToken": []}],
    "staff": [{"accessToken": []}],
    "signature": [{"providerSignature": []}],
}


def document(operations: list[Operation], version: str) -> dict[str, Any]:
    """The whole OpenAPI document, with keys in a stable order."""
    schemas, references = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        method = operation.route.method.lower()
        paths.setdefault(operation.route.path, {})[method] = _operation(operation, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cartwright",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "."}],
        "tags": [{"name": name} for name in sorted({op.service for op in operations})],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "providerSignature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Stripe-Signature",
                    "description": "The provider's signature over the body as it was sent.",
                },
            },
            "headers": HEADERS,
            "schemas": schemas,
        },
    }


_SUCCESSES = {303: "See other", 304: "Not modified"}
References = dict[tuple[Any, JsonSchemaMode], dict[str, Any]]


def _schemas(operations: list[Operation]) -> tuple[dict[str, Any], References]:
    used: set[tuple[type[BaseModel], JsonSchemaMode]] = {(ProblemOut, "serialization")}
    for operation in operations:
        route = operation.route
        if route.request is not None:
            used.add((route.request, "validation"))
        if route.errors == "oauth":
            used.add((OAuthErrorOut, "serialization"))
        used |= {(m, "serialization") for m in route.responses.values() if m is not None}
    inputs = sorted(used, key=lambda pair: (pair[0].__module__, pair[0].__name__, pair[1]))
    references, definitions = models_json_schema(inputs, ref_template=REF)
    found = definitions.get("$defs", {})
    return {name: found[name] for name in sorted(found)}, dict(references)


def _operation(operation: Operation, references: References) -> dict[str, Any]:
    route = operation.route
    out: dict[str, Any] = {
        "operationId": operation.name,
        "summary": route.summary,
        "tags": [operation.service],
        "parameters": _parameters(operation),
        "responses": _responses(operation, references),
        "x-cartwright-function": operation.function,
        "x-cartwright-auth": route.auth,
        "x-cartwright-scopes": list(route.scopes),
        "x-cartwright-idempotent": route.idempotent,
        "x-cartwright-asks-each-time": route.asks_each_time,
        "security": SECURITY[route.auth],
    }
    if route.throttle:
        rate, burst = route.throttle
        out["x-cartwright-throttle"] = {"rate": rate, "burst": burst}
    if route.auth == "signature":  # Its form is the provider's: the gateway leaves it alone.
        out["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    elif route.request is not None:
        schema = references[(route.request, "validation")]
        kind = charset.FORM if route.form else charset.JSON
        out["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    elif route.method != "GET":  # Of a GET a body has no meaning (RFC 9110, 9.3.1).
        out["requestBody"] = {
            "required": False,
            "description": "Nothing, or an empty object: anything else is refused.",
            "content": {"application/json": {"schema": NO_FIELDS}},
        }
    return out


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    route = operation.route
    found: list[dict[str, Any]] = []
    for name in re.findall(r"{(\w+)}", route.path):
        schema: dict[str, Any] = {"type": "string"}
        if name in discover().ids:
            schema["pattern"] = ids.pattern(discover().ids[name])
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if route.idempotent or route.knows_client_by_key:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": route.idempotent,
                "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
                "description": KEY if route.idempotent else CLIENT_KEY,
            }
        )
    if 304 in route.responses:
        found.append(
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "The ETag of what you have: the answer is 304 if it is still so.",
            }
        )
    if route.takes_if_match:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "The ETag of what you have read: 412 if it is another one by now.",
            }
        )
    if route.query is not None:
        schema = route.query.model_json_schema()
        required = schema.get("required", [])
        for name, item in schema["properties"].items():
            item.pop("title", None)
            found.append(
                {"name": name, "in": "query", "required": name in required, "schema": item}
            )
    return found


def _responses(operation: Operation, references: References) -> dict[str, Any]:
    route = operation.route
    out: dict[str, Any] = {}
    for status, model in sorted(route.responses.items()):
        answer: dict[str, Any] = {"headers": _headers(route, status)}
        answer["description"] = _SUCCESSES.get(status, "Success")
        if status < 300 and (model is not None or status == 200):  # Else it has no body.
            schema = {} if model is None else {"schema": references[(model, "serialization")]}
            answer["content"] = {route.media_type: schema}
        if status < 300 and route.links:
            answer["links"] = {link.to: _link(link) for link in route.links}
        out[str(status)] = answer
    by_status: dict[int, list[ProblemType]] = {}
    for problem in problem_types_of(route):
        codes = by_status.setdefault(problem.status, [])
        if problem not in codes:
            codes.append(problem)
    for status, found in sorted(by_status.items()):
        out[str(status)] = {
            "description": "; ".join(f"`{p.code}`: {p.title}" for p in found),
            "content": _error_content(route, references),
            "headers": _headers(route, status),
            "x-cartwright-codes": [p.code for p in found],
        }
        if route.errors == "oauth":
            words = dict.fromkeys(oauth_error(p) for p in found)
            out[str(status)]["x-cartwright-oauth-errors"] = [*words]
    return dict(sorted(out.items()))


def _error_content(route: Route, references: References) -> dict[str, Any]:
    """What never reaches the function is a problem document, whatever the route's own errors are:
    the gateway's, and the firewall's, which calls it application/json."""
    problem = references[(ProblemOut, "serialization")]
    content: dict[str, Any] = {"application/problem+json": {"schema": problem}}
    if route.errors == "oauth":
        error = references[(OAuthErrorOut, "serialization")]
        content["application/json"] = {"schema": {"anyOf": [error, problem]}}
    elif route.errors == "page":
        content["text/html"] = {}
    return content


def _headers(route: Route, status: int) -> dict[str, Any]:
    """What clients may count on in an answer of this status."""
    names = ["X-Request-Id"]
    if (304 in route.responses and status in {200, 304}) or (
        route.takes_if_match and status == 200
    ):
        names.append("ETag")
    if route.idempotent and status < 500:
        names.append("Idempotency-Replayed")
    if status in {429, 503}:
        names.append("Retry-After")
    if status == 429:
        names.append("RateLimit")
    if status == 429 or route.quotas:
        names.append("RateLimit-Policy")
    if status == 401:
        names.append("WWW-Authenticate")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _link(link: Link) -> dict[str, Any]:
    """A Link Object. A target that is no route is refused by the contract test."""
    out: dict[str, Any] = {"operationId": link.to}
    if link.parameters:
        out["parameters"] = dict(link.parameters)
    if link.body:
        out["requestBody"] = dict(link.body)
    return out


def route_table(operations: list[Operation]) -> list[dict[str, Any]]:
    """What the authorizer needs to know: which scopes open which method, and of whose clients."""
    return [
        {
            "method": op.route.method,
            "path": op.route.path,
            "auth": op.route.auth,
            "scopes": list(op.route.scopes),
            "first_party": op.route.first_party,
        }
        for op in operations
        if op.route.needs_token
    ]
