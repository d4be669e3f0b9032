"""Requests of a metered shop, by their routes in docs/openapi.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support import gateway
from tests.support.meter import REQUEST_ID, Meter

OPENAPI = Path(__file__).parents[3] / "docs" / "openapi.json"
AUTHORIZER = "identity.authorizer"
METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:cartwright/prod/GET/orders"


def routes() -> dict[str, dict[str, Any]]:
    """Every operation, as `POST /orders`."""
    document = json.loads(OPENAPI.read_text())
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


class Client:
    """Someone who may do everything."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self._routes = routes()
        self.subject = gateway.CUSTOMER  # who is asked about themselves,
        self.session_id = "ses_1"  # and where they are signed in

    def call(
        self,
        route: str,
        status: int = 200,
        *,
        body: Any = None,
        key: str | None = None,
        query: dict[str, str] | None = None,
        signed: tuple[str, dict[str, str]] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **path: str,
    ) -> Any:
        """One request; its answer, which must have this status. `signed`: body and headers."""
        operation = self._routes[route]
        method, template = route.split()
        anonymous = operation["x-cartwright-auth"] in ("public", "signature")
        own = template.startswith(("/users/me", "/sessions", "/mfa", "/userinfo"))
        subject = self.subject if own else gateway.CUSTOMER
        raw, given = signed or (None, dict(headers or {}))
        event = gateway.event(
            method,
            template.format(**path),
            body=body,
            raw=raw,
            form=form,
            headers=given,
            key=key,
            query=query,
            path_parameters=path or None,
            sub=None if anonymous else subject,
            sid=self.session_id,
            scope=" ".join(operation.get("x-cartwright-scopes", [])),
            request_id=REQUEST_ID,
        )
        result = self.meter.shop.interceptor.call(operation["x-cartwright-function"], event)
        assert result["statusCode"] == status, result["body"]
        is_json = "json" in result["headers"].get("Content-Type", "")
        return json.loads(result["body"]) if is_json and result["body"] else result["body"]

    def authorize(self, access_token: str) -> Any:
        """What the gateway asks before the first request with a token, every minute."""
        event = {
            "type": "TOKEN",
            "methodArn": METHOD_ARN,
            "authorizationToken": f"Bearer {access_token}",
        }
        return self.meter.shop.interceptor.call(AUTHORIZER, event)
