"""Tables as the stacks define them: keys `pk` and `sk`, indexes by name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import boto3
from boto3.dynamodb.types import Binary, TypeDeserializer
from moto.dynamodb.models import dynamodb_backends

from shop.deploy import Index, discover

# name -> {index: keys and projection}, as the services declare them; compared with the models, and
# in tests/infra with the synthesized templates.
TABLES: dict[str, Mapping[str, Index]] = {
    table.name: table.indexes for table in discover().tables.values()
}
# As infra/constructs/data_table.py: what was there is known of a row that is taken away.
VIEW: Literal["NEW_AND_OLD_IMAGES"] = "NEW_AND_OLD_IMAGES"


_plain = TypeDeserializer()


def create(*names: str) -> None:
    """Create these tables (inside `moto_aws`)."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    for name in names:
        keys = {"pk", "sk"} | {
            key for each in TABLES[name].values() for key in (each.partition, each.sort)
        }
        indexes = [
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": each.partition, "KeyType": "HASH"},
                    {"AttributeName": each.sort, "KeyType": "RANGE"},
                ],
                "Projection": projection(each),
            }
            for index, each in TABLES[name].items()
        ]
        extra: Any = {"GlobalSecondaryIndexes": indexes} if indexes else {}
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": "S"} for key in sorted(keys)
            ],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": VIEW},
            **extra,
        )


def projection(index: Index) -> dict[str, Any]:
    """What an index holds, as DynamoDB writes it."""
    if not index.project:
        return {"ProjectionType": "KEYS_ONLY"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.project)}


def rows(table: str) -> list[dict[str, Any]]:
    """All items of a small test table, as plain Python values; read where moto keeps them."""
    stored = dynamodb_backends["123456789012"]["us-east-1"].tables[table]
    return [
        {name: _value(value) for name, value in item.to_json()["Attributes"].items()}
        for item in stored.all_items()
    ]


def _value(stored: Any) -> Any:
    plain: Any = _plain.deserialize(stored)
    # A Binary cannot be shown, and its type says nothing of what it holds.
    return plain.__bytes__() if isinstance(plain, Binary) else plain


def change(table: str, pk: str, sk: str, **values: Any) -> None:
    """Set attributes of a row by hand."""
    names = {f"#{number}": name for number, name in enumerate(values)}
    boto3.resource("dynamodb", region_name="us-east-1").Table(table).update_item(
        Key={"pk": pk, "sk": sk},
        UpdateExpression="SET " + ", ".join(f"{name} = :{name[1:]}" for name in names),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{n}": value for n, value in enumerate(values.values())},
    )


def changes(table: str) -> Iterator[dict[str, Any]]:
    """The stream's records, each once."""
    shard: Any = dynamodb_backends["123456789012"]["us-east-1"].tables[table].stream_shard
    return whole([each.to_json() for each in shard.items])


def whole(records: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """moto writes two for an update that makes its row: the second is whole."""
    for this, after in zip(records, [*records[1:], {}], strict=False):
        keys = this["dynamodb"]["Keys"]
        again = after.get("eventName") == "INSERT" and after["dynamodb"]["Keys"] == keys
        if not (this["eventName"] == "INSERT" and again):
            yield this


def outbox(table: str) -> list[dict[str, Any]]:
    """Every event that a change of this table told, oldest first by occurrence."""
    events = [event for record in changes(table) for event in carried(record)]
    return sorted(events, key=lambda event: (event["occurred_at"], event["sequence"]))


def carried(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The events in a stream's record."""
    image = record["dynamodb"].get("NewImage") or {}
    try:
        found = json.loads(image["outbox"]["S"]) if "outbox" in image else []
    except ValueError:  # A row that was spoilt on purpose tells nothing.
        return []
    return found if isinstance(found, list) else []
