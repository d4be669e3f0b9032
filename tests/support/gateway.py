"""API Gateway proxy events, and a call through a route's handler."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tests.support import promised
from tests.support.lambda_context import FakeContext

# By two factors, whenever that is looked at.
PROVED = {"acr": "aal2", "auth_time": "8000000000"}
CUSTOMER = "usr_use1_0000000000000000000000000a"


@dataclass(frozen=True)
class Reply:
    """What the client would see."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def event(
    method: str,
    path: str,
    *,
    body: Any = None,
    raw: str | None = None,
    form: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    key: str | None = None,
    sub: str | None = CUSTOMER,
    scope: str = "shop:buy",
    path_parameters: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    request_id: str = "request-1",
    sid: str = "ses_1",
    source_ip: str = "192.0.2.1",
    proved: Mapping[str, str] = PROVED,
) -> dict[str, Any]:
    """A proxy event; `raw` sends a body as it stands; `proved` is what the authorizer says of how
    the caller was proved."""
    sent = {"Content-Type": "application/json"} if body is not None or raw is not None else {}
    if form is not None:
        sent, raw = {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form)
    if key is not None:
        sent["Idempotency-Key"] = key
    authorizer = (
        {}
        if sub is None
        else {
            "sub": sub,
            "scope": scope,
            "sid": sid,
            "role": _role(scope),
            "first_party": "true",
            **proved,
        }
    )
    return {
        "httpMethod": method,
        "path": path,
        "headers": sent | (headers or {}),
        "pathParameters": path_parameters,
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {k: [v] for k, v in (query or {}).items()} or None,
        "body": raw if raw is not None else (None if body is None else json.dumps(body)),
        "isBase64Encoded": False,
        "requestContext": {
            "requestId": request_id,
            "identity": {"sourceIp": source_ip},
            "authorizer": authorizer,
        },
    }


def _role(scope: str) -> str:
    return "customer" if "shop:buy" in scope.split() else "staff"


def call(handler: Any, proxy_event: dict[str, Any]) -> Reply:
    """Invoke a route's handler and read its answer, which must be one that the route promises."""
    result = handler(proxy_event, FakeContext())
    promised.check(handler, result)
    return Reply(result["statusCode"], result["headers"], result["body"])
