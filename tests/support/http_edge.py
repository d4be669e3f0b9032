"""Routes for tests of the HTTP edge, and a handler that notes what reaches it."""

from typing import Any

from shop.http import Request, Response, Route, entrypoint
from shop.schemas import Line, QueryModel, RequestModel
from tests.support.gateway import call, event


class Order(RequestModel):
    lines: list[Line]


class Filters(QueryModel):
    limit: int = 20


ROUTE = Route(
    "POST",
    "/orders",
    "Place",
    idempotent=True,
    request=Order,
    scopes=("shop:buy",),
    responses={201: None},
)

GET = Route("GET", "/orders", "List", query=Filters, responses={200: None, 201: None, 304: None})

BARE = Route("GET", "/orders/{order_id}", "Read", responses={200: None, 201: None})

AUTHORIZED = {"requestContext": event("GET", "/")["requestContext"]}

GOOD = {"lines": [{"sku": "A-1", "quantity": 1}]}

SIGNED = Route("POST", "/hooks", "Hear", auth="signature", responses={201: None})


class Spy:
    def __init__(self, result: Any = None) -> None:
        self.requests: list[Request[Any]] = []
        self.result = result or Response(201, {"ok": True})

    def __call__(self, request: Request[Any]) -> Any:
        self.requests.append(request)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def post(spy: Spy, **changes: Any) -> Any:
    sent = {"body": GOOD, "key": "k"} | changes
    if "raw" in sent:
        del sent["body"]
    return call(entrypoint(ROUTE, spy), event("POST", "/orders", **sent))
