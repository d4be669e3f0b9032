"""GET /health. Problems: 503 service_unavailable.

One read of one table, given a second: enough to tell that functions run, credentials work and
DynamoDB answers, and cheap enough for a load balancer to ask all the time. The table is the one
that TABLE_ORDERS names; without it nothing is asked, and `checks` is empty.
"""

import os
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from operations.schemas import HealthOut
from operations.service import read_documents
from shop import aws, problems, telemetry
from shop.http import Request, Response, Route, entrypoint
from shop.problems import Problem

ROUTE = Route(
    "GET",
    "/health",
    "Tell whether the platform answers",
    auth="public",
    responses={200: HealthOut},
    problems=(problems.SERVICE_UNAVAILABLE,),
    throttle=(100, 200),
)
_KEY = {"pk": {"S": "HEALTH"}, "sk": {"S": "HEALTH"}}


def handle(_request: Request[None]) -> Response | Problem:
    """Ask the table; a row that is not there is a good answer."""
    about: dict[str, Any] = {
        "version": read_documents.version(),
        "region": os.environ["HOME_REGION"],
        "stage": os.environ["STAGE"],
    }
    table = os.environ.get("TABLE_ORDERS")
    checks: dict[str, Any] = {"dynamodb": _ask(table)} if table else {}
    if "failed" in checks.values():
        return Problem(
            problems.SERVICE_UNAVAILABLE,
            "The orders table does not answer.",
            extensions={**about, "checks": checks},
            headers={"Retry-After": "5"},
        )
    return Response(200, HealthOut(status="ok", checks=checks, **about))


def _ask(table: str) -> str:
    try:
        client = aws.client("dynamodb", read_timeout_s=1, attempts=1)
        client.get_item(TableName=table, Key=_KEY)
    except (BotoCoreError, ClientError) as error:
        telemetry.log_error("health check failed", error, check="dynamodb")
        return "failed"
    return "ok"


handler = entrypoint(ROUTE, handle)
