"""The fast tables answer as moto's own do, and a refused transaction leaves nothing."""

import copy
import random
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item

from tests.support import dynamodb, moto_tables

STEPS = 60


@pytest.fixture
def client() -> Iterator[Any]:
    with mock_aws():
        dynamodb.create("orders", "ledger")
        yield boto3.client("dynamodb", region_name="us-east-1")


def key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def parts(chance: random.Random) -> list[dict[str, Any]]:
    """One transaction; about half of them are refused somewhere in the middle."""
    found: dict[str, dict[str, Any]] = {}
    for _ in range(chance.randint(1, 4)):
        pk, sk, n = f"P{chance.randint(1, 4)}", f"S{chance.randint(1, 3)}", chance.randint(1, 9)
        row: dict[str, Any] = {"TableName": chance.choice(["orders", "ledger"]), "Key": key(pk, sk)}
        values: dict[str, Any] = {":n": {"N": str(n)}, ":due": {"S": f"shard{n % 2}"}}
        update: dict[str, Any] = {
            "UpdateExpression": "SET due_shard = :due, due_at = :due ADD n :n",
            "ExpressionAttributeValues": values,
        }
        put = {"Item": {**row["Key"], "n": values[":n"], "due_shard": values[":due"]}}
        new = {"ConditionExpression": "attribute_not_exists(pk)"}
        known = {"ConditionExpression": "attribute_exists(pk)"}
        found[f"{row['TableName']} {pk} {sk}"] = chance.choice(
            [
                {"Put": {"TableName": row["TableName"], **put, **new}},
                {"Put": {"TableName": row["TableName"], **put}},
                {"Update": {**row, **update}},
                {"Delete": {**row, **known}},
                {"ConditionCheck": {**row, **known}},
            ]
        )
    return list(found.values())


def contents() -> dict[str, Any]:
    """Every row and every record of the streams."""
    tables = dynamodb_backends["123456789012"]["us-east-1"].tables
    return {
        name: (
            [item.to_json() for item in table.all_items()],
            [
                record.to_json()["eventName"]
                for record in (table.stream_shard.items if table.stream_shard else [])
            ],
        )
        for name, table in tables.items()
    }


def history(seed: int) -> Iterator[Any]:
    """What happens to the same transactions and queries, step by step."""
    chance = random.Random(seed)  # noqa: S311
    with mock_aws():
        dynamodb.create("orders", "ledger")
        client: Any = boto3.client("dynamodb", region_name="us-east-1")
        for step in range(STEPS):
            try:
                client.transact_write_items(TransactItems=parts(chance))
                yield "done"
            except ClientError as error:
                yield [reason["Code"] for reason in error.response["CancellationReasons"]]
            yield copy.deepcopy(contents())
            yield query(client, "pk", f"P{step % 5}", Limit=2)
            yield query(client, "due_shard", f"shard{step % 2}", IndexName="due", Limit=3)


def query(client: Any, name: str, value: str, **options: Any) -> Any:
    found = client.query(
        TableName="orders",
        KeyConditionExpression=f"{name} = :v",
        ExpressionAttributeValues={":v": {"S": value}},
        **options,
    )
    return found["Items"], found["Count"], found.get("LastEvaluatedKey")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_history_is_the_same_with_and_without(seed: int) -> None:
    runs = []
    for how in (nullcontext(), moto_tables.as_moto_is()):
        with how:
            runs.append(list(history(seed)))
    fast, slow = runs
    assert fast == slow
    assert fast.count("done") > STEPS / 5
    assert sum(isinstance(each, list) for each in fast) > STEPS / 5


def test_a_refused_transaction_leaves_every_row_as_it_was(client: Any) -> None:
    client.put_item(TableName="orders", Item={**key("P", "1"), "n": {"N": "1"}})
    before = contents()
    update = {
        "TableName": "orders",
        "Key": key("P", "1"),
        "UpdateExpression": "ADD n :n",
        "ExpressionAttributeValues": {":n": {"N": "1"}},
    }
    put = {"TableName": "ledger", "Item": key("Q", "1")}
    refused = {
        "TableName": "orders",
        "Key": key("X", "1"),
        "ConditionExpression": "attribute_exists(pk)",
    }
    with pytest.raises(ClientError):
        client.transact_write_items(
            TransactItems=[{"Update": update}, {"Put": put}, {"ConditionCheck": refused}]
        )
    assert contents() == before


def test_a_transaction_copies_no_row_that_it_does_not_name(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.put_item(TableName="orders", Item={**key("P", "1"), "n": {"N": "1"}})
    monkeypatch.setattr(Item, "__deepcopy__", lambda item, memo: pytest.fail("copied"))
    put = {"TableName": "orders", "Item": key("P", "2")}
    client.transact_write_items(TransactItems=[{"Put": put}])
