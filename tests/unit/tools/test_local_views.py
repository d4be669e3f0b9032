"""What the local platform shows: platform.json, log lines, what an edit touches."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tools.local import aws, logs, stack_outputs, watch
from tools.local.errors import LocalError
from tools.local.settings import Settings

USERS = {"customer": {"email": "ada@example.com", "password": "secret"}}
ROOT = Path("/checkout")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, port=4710)


@pytest.fixture
def described(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """platform.json of an account with one table of ours and one of somebody else."""
    options = {"region_name": settings.region}
    monkeypatch.setattr(aws, "options", lambda _: options)
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=settings.region)
        for name in ("cartwright-local-orders", "elsewhere"):
            dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        boto3.client("sqs", region_name=settings.region).create_queue(
            QueueName="cartwright-local-relay-dlq"
        )
        return stack_outputs.describe(settings, USERS)


def test_platform_file_names_what_a_program_needs(described: dict[str, Any]) -> None:
    assert described["api_url"] == "http://127.0.0.1:4710/_aws/execute-api/cartwright/local"
    assert described["endpoint_url"] == "http://127.0.0.1:4710"
    assert described["vault_api_url"] is None
    assert described["users"] == USERS
    assert described["tables"] == {"orders": "cartwright-local-orders"}
    assert described["queues"]["relay-dlq"].startswith("http://127.0.0.1:4710/")
    assert set(described) >= {"region", "buckets", "state_machines"}


def test_platform_file_is_read_as_it_was_written(settings: Settings) -> None:
    stack_outputs.save(settings, {"api_url": "http://x"})
    assert stack_outputs.load(settings) == {"api_url": "http://x"}


def test_missing_platform_file_says_how_to_get_one(settings: Settings) -> None:
    with pytest.raises(LocalError, match="make up"):
        stack_outputs.load(settings)


def test_structured_log_line_becomes_readable() -> None:
    entry = {
        "level": "INFO",
        "message": "order placed",
        "timestamp": "2026-11-22T10:11:12.345Z",
        "service": "orders",
        "order_id": "ord_1",
    }
    shown = logs.readable(f"2026-11-22 10:11:12 INFO [lambda] {json.dumps(entry)}")
    assert shown == "10:11:12.345 INFO    orders     order placed order_id=ord_1"


@pytest.mark.parametrize(
    "line", ["", "START RequestId: x", '{"_aws": {}, "level": 1, "message": 1}']
)
def test_noise_is_left_out_of_the_logs(line: str) -> None:
    assert logs.readable(line) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("functions/orders/api/place_order.py", (["orders"], False)),
        ("functions/orders/deploy.py", ([], True)),
        ("functions/orders/invariants.py", (["operations"], False)),
        ("layers/shop/python/shop/money.py", (["shop"], False)),
        ("state_machines/checkout.asl.json", ([], True)),
        ("infra/stages.py", ([], True)),
        ("layers/deps/requirements.txt", ([], True)),
        ("functions/orders/README.md", ([], False)),
        ("functions/orders/__pycache__/domain.pyc", ([], False)),
    ],
)
def test_edit_swaps_only_what_it_touches(path: str, expected: tuple[list[str], bool]) -> None:
    assert watch.affected(ROOT, [ROOT / path]) == expected
