"""DynamoDB stream batches, built from what is stored: moto feeds no function by itself."""

from typing import Any

from boto3.dynamodb.types import TypeSerializer

_to_dynamodb = TypeSerializer().serialize


def record(row: dict[str, Any], *, table: str, name: str = "INSERT") -> dict[str, Any]:
    """The stream record of a change that left this row."""
    image = {key: _to_dynamodb(value) for key, value in row.items()}
    return {
        "eventID": f"{row['pk']}/{row['sk']}",
        "eventName": name,
        "eventSource": "aws:dynamodb",
        "eventSourceARN": f"arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/1",
        "dynamodb": {"Keys": {key: image[key] for key in ("pk", "sk")}, "NewImage": image},
    }


def batch(rows: list[dict[str, Any]], *, table: str) -> dict[str, Any]:
    """An invocation with one INSERT for each row."""
    return {"Records": [record(row, table=table) for row in rows]}
