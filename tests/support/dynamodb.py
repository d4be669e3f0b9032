"""Tables as the stacks define them: keys `pk` and `sk`, indexes by name."""

import json
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer
from moto.dynamodb.models import dynamodb_backends

from shop.deploy import EVERYTHING, Index, discover

# name -> {index: (hash, range)}, as the services declare them.
TABLES: dict[str, dict[str, tuple[str, str]]] = {
    table.name: {name: (index.partition, index.sort) for name, index in table.indexes.items()}
    for table in discover().tables.values()
}


_plain = TypeDeserializer()


def create(*names: str) -> None:
    """Create these tables (inside `moto_aws`)."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    for name in names:
        keys = {"pk", "sk"} | {key for pair in TABLES[name].values() for key in pair}
        indexes = [
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": hash_key, "KeyType": "HASH"},
                    {"AttributeName": range_key, "KeyType": "RANGE"},
                ],
                "Projection": _projection(discover().tables[name].indexes[index]),
            }
            for index, (hash_key, range_key) in TABLES[name].items()
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
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
            **extra,
        )


def _projection(index: Index) -> dict[str, Any]:
    if index.project == (EVERYTHING,):
        return {"ProjectionType": "ALL"}
    if not index.project:
        return {"ProjectionType": "KEYS_ONLY"}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(index.project)}


def rows(table: str) -> list[dict[str, Any]]:
    """All items of a small test table, as plain Python values; read where moto keeps them."""
    stored = dynamodb_backends["123456789012"]["us-east-1"].tables[table]
    return [
        {name: _plain.deserialize(value) for name, value in item.to_json()["Attributes"].items()}
        for item in stored.all_items()
    ]


def change(table: str, pk: str, sk: str, **values: Any) -> None:
    """Set attributes of a row by hand."""
    names = {f"#{number}": name for number, name in enumerate(values)}
    boto3.resource("dynamodb", region_name="us-east-1").Table(table).update_item(
        Key={"pk": pk, "sk": sk},
        UpdateExpression="SET " + ", ".join(f"{name} = :{name[1:]}" for name in names),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{n}": value for n, value in enumerate(values.values())},
    )


def outbox(table: str) -> list[dict[str, Any]]:
    """The events stored in a table, oldest first by occurrence."""
    events = [json.loads(str(row["outbox"])) for row in rows(table) if "outbox" in row]
    return sorted(events, key=lambda event: (event["occurred_at"], event["sequence"]))
