"""The fast tables answer as moto's own do, and a refused transaction leaves nothing."""

import copy
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
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
            "UpdateExpression": "SET due_shard = :due, next_attempt_at = :due ADD n :n",
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


def at_once(writes: list[Callable[[], bool]]) -> list[bool]:
    """What came of writes of as many threads, which give way to each other all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(writes)) as threads:
            return [future.result() for future in [threads.submit(write) for write in writes]]
    finally:
        sys.setswitchinterval(before)


def succeeds(write: Callable[[], object]) -> bool:
    try:
        write()
    except ClientError:
        return False
    return True


def test_of_many_conditional_puts_at_once_one_succeeds(client: Any) -> None:
    for attempt in range(30):
        request = {
            "TableName": "orders",
            "Item": key(f"P{attempt}", "S"),
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        put = partial(succeeds, partial(client.put_item, **request))
        assert at_once([put] * 4).count(True) == 1


def test_a_transaction_that_fails_takes_back_nothing_but_its_own(client: Any) -> None:
    row = {"TableName": "orders", "Key": key("P", "S")}
    add = row | {
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    refused = row | {"Key": key("P", "other"), "ConditionExpression": "attribute_exists(pk)"}
    fail = partial(
        client.transact_write_items,
        TransactItems=[{"Update": add}, {"ConditionCheck": refused}],
    )
    for _ in range(20):
        at_once(
            [partial(succeeds, partial(client.update_item, **add)), partial(succeeds, fail)] * 2
        )
    found = client.get_item(**row, ConsistentRead=True)
    assert found["Item"]["n"]["N"] == str(20 * 2)
