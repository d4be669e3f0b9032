"""A contract of 150 routes over ten services: deep paths, path parameters, bodies, throttles."""

from typing import Any

SERVICES = 10
ROUTES_PER_SERVICE = 15
ROUTES = SERVICES * ROUTES_PER_SERVICE
# Of each service: the method, the path below /service, and whether it takes a body.
_SHAPES = (
    ("get", "", False),
    ("post", "", True),
    ("get", "/{thing_id}", False),
    ("patch", "/{thing_id}", True),
    ("delete", "/{thing_id}", False),
    ("post", "/{thing_id}/cancel", True),
    ("post", "/{thing_id}/approve", True),
    ("get", "/{thing_id}/timeline", False),
    ("get", "/{thing_id}/parts", False),
    ("post", "/{thing_id}/parts", True),
    ("get", "/{thing_id}/parts/{part_id}", False),
    ("put", "/{thing_id}/parts/{part_id}", True),
    ("get", "/{thing_id}/parts/{part_id}/files/{file_id}", False),
    ("get", "/reports/daily", False),
    ("post", "/reports", True),
)


def contract() -> dict[str, Any]:
    """As docs/openapi.json, with what the gateway reads of it."""
    paths: dict[str, Any] = {}
    schemas = {}
    for service in (f"service{number}" for number in range(SERVICES)):
        for index, (method, end, body) in enumerate(_SHAPES):
            schema = f"Thing{index}{service.title()}In"
            operation: dict[str, Any] = {
                "x-cartwright-function": f"{service}.operation_with_a_name_{index}",
                "x-cartwright-auth": ("customer", "staff", "public")[index % 3],
                "x-cartwright-idempotent": method == "post",
                "x-cartwright-throttle": {"rate": 5, "burst": 10} if body else None,
            }
            if body:
                reference = {"$ref": f"#/components/schemas/{schema}"}
                operation["requestBody"] = {"content": {"application/json": {"schema": reference}}}
                schemas[schema] = {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string", "minLength": 1}},
                }
            paths.setdefault(f"/{service}{end}", {})[method] = operation
    return {"paths": paths, "components": {"schemas": schemas}}
