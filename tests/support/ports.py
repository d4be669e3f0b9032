"""One suite for a port: whoever implements it, in memory or on DynamoDB, keeps the same rules."""

from typing import Any

import pytest

from tests.support import dynamodb


def opened(request: pytest.FixtureRequest, *tables: str) -> Any:
    """What a fixture's parameter makes: a fake as it is, a repository in empty tables."""
    if not request.param.__module__.startswith("tests."):
        request.getfixturevalue("moto_aws")
        dynamodb.create(*tables)
    return request.param()


def told(port: Any, table: str) -> list[dict[str, Any]]:
    """The events that were stored with changes, oldest first."""
    if type(port).__module__.startswith("tests."):
        return [getattr(event, "body", event) for event in port.events]
    return dynamodb.outbox(table)
