"""Rows of the tables as plain Python values."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError

from tools.shopctl.errors import Unusable
from tools.shopctl.target import Target

Row = dict[str, Any]
_value = TypeDeserializer().deserialize


def query(target: Target, table: str, pk: str, **more: Any) -> list[Row]:
    """All rows of one partition, in order."""
    pages = {
        "TableName": target.table(table),
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
    }
    with reachable(target):
        found = target.client("dynamodb").get_paginator("query").paginate(**pages | more)
        return [plain(item) for page in found for item in page["Items"]]


def scan(target: Target, table: str, *, limit: int) -> list[Row]:
    """The whole table, if it has no more rows than `limit`; locally only."""
    if not target.is_local:
        raise Unusable("Tables are scanned on the local platform only.")
    rows: list[Row] = []
    with reachable(target):
        pages = target.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=target.table(table), ConsistentRead=True):
            rows += [plain(item) for item in page["Items"]]
            if len(rows) > limit:
                raise Unusable(f"{table} has more than {limit} rows: give a larger --limit.")
    return rows


def plain(item: dict[str, Any]) -> Row:
    """A row with whole numbers as int."""
    return {name: _number(_value(value)) for name, value in item.items()}


@contextlib.contextmanager
def reachable(target: Target) -> Iterator[None]:
    """Turn AWS errors into a sentence."""
    try:
        yield
    except ClientError as error:
        raise Unusable(_refusal(error, target)) from error
    except BotoCoreError as error:
        hint = "run `make up`" if target.is_local else "check network and credentials"
        where = target.endpoint_url or f"AWS in {target.region}"
        raise Unusable(f"{where} does not answer: {hint}.") from error


def _refusal(error: ClientError, target: Target) -> str:
    code = error.response["Error"]["Code"]
    hint = ""
    if code in ("ResourceNotFoundException", "NotFoundException"):
        hint = f" Is {target.stage} deployed in {target.region}?"
    elif code in ("AccessDeniedException", "AccessDenied", "UnrecognizedClientException"):
        hint = " Your AWS credentials do not allow it."
    return f"{error.operation_name} was refused: {code}.{hint}"


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
