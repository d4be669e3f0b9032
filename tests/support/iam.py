"""What an AWS request needs of IAM: the actions and resources of the caller's policy.

Resources are named as in docs/access.md: `table/orders/index/due`, `key/identity-tokens`.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shop.deploy import discover
from tests.support.interceptor import Request


def _declared() -> Iterator[tuple[str, str]]:
    platform = discover()
    for service in platform.services.values():
        for variable, value in service.variables.items():
            if value.startswith("arn:"):
                kind, _, name = value.split(":", 5)[5].replace(":", "/").partition("/")
                yield variable, f"{kind}/{name}"
    for each in platform.functions.values():
        for machine in (*each.runs, *each.starts):
            yield f"{machine.upper()}_MACHINE_ARN", f"machine/{machine}"
        if each.parks:
            queue = each.id.replace(".", "-").replace("_", "-")
            yield each.parks, f"queue/{queue}-dlq"


# What a variable of a function points to; tests/infra compares it with the templates.
RESOURCES = {"BUS_NAME": "bus", "MAIL_FROM": "mail", **dict(_declared())}
# Keys that are made after the deployment, to which no variable points, have the tag of the first.
FIRST_TOKEN_KEY, TOKEN_KEYS = "key/identity-tokens", "key/identity-tokens*"
_OF_NO_KEY = {
    "CreateKey": [("CreateKey", "*"), ("TagResource", "*")],
    "ListKeys": [("ListKeys", "*")],
}
# The part of a request that names a resource, by service.
_NAMED_BY = {
    "kms": "KeyId",
    "secretsmanager": "SecretId",
    "ses": "FromEmailAddress",
    "sqs": "QueueUrl",
    "states": "stateMachineArn",
}


@dataclass(frozen=True, order=True)
class Use:
    """One function's use of one action on one resource."""

    function: str
    action: str
    resource: str


class UnknownRequest(Exception):
    """A request whose rights are not known here: teach tests/support/iam.py."""


def uses(request: Request) -> Iterator[Use]:
    """What a request of a function needs; an invocation by a machine or a test needs nothing."""
    if request.service == "lambda":
        return
    service = request.service.removesuffix("streams")  # Streams have the table's prefix in IAM.
    for action, resource in _needs(request):
        yield Use(request.function, f"{service}:{action}", resource)


def _needs(request: Request) -> Iterable[tuple[str, str]]:
    if request.service == "dynamodb":
        read = _DYNAMODB.get(request.operation)
        if read is None:
            raise UnknownRequest(request.name)
        return read(request.operation, request.body)
    if request.service == "dynamodbstreams":
        return [(request.operation, _stream(request))]
    if request.service == "s3":
        return [(request.operation, _objects(request.body))]
    if request.operation == "PutEvents":
        return [("PutEvents", _named(entry["EventBusName"])) for entry in request.body["Entries"]]
    if request.operation in _OF_NO_KEY:
        return _OF_NO_KEY[request.operation]
    return _by_name(request)


def _by_name(request: Request) -> Iterable[tuple[str, str]]:
    try:
        named = _named(request.body[_NAMED_BY[request.service]])
    except KeyError:
        raise UnknownRequest(request.name) from None
    resources = _keys(request.operation, named) if request.service == "kms" else [named]
    return [(request.operation, resource) for resource in resources]


def _keys(operation: str, named: str) -> Iterable[str]:
    """Whoever signs with the first of the token keys has to sign with each that takes over."""
    if named == FIRST_TOKEN_KEY and operation == "Sign":
        return (FIRST_TOKEN_KEY, TOKEN_KEYS)
    return (named,) if named in RESOURCES.values() else (TOKEN_KEYS,)


def _objects(body: Mapping[str, Any]) -> str:
    """The folder that it is in: rights to objects end with a prefix."""
    return f"objects/{body['Bucket']}/{body['Key'].rpartition('/')[0]}"


def _stream(request: Request) -> str:
    """A stream is named by its ARN, or in an iterator that was made of it."""
    named = re.search(r":table/([\w.-]+)/stream/", json.dumps(request.body))
    if named is None:
        raise UnknownRequest(request.name)
    return f"stream/{named.group(1)}"


def _named(value: str) -> str:
    for variable, name in RESOURCES.items():
        if os.environ.get(variable) == value:
            return name
    return value


Needs = Iterable[tuple[str, str]]


def _table(name: str) -> str:
    """Physical names have no underscores."""
    return f"table/{name}".replace("_", "-")


def _one(operation: str, body: Mapping[str, Any]) -> Needs:
    index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
    yield operation, f"{_table(body['TableName'])}{index}"


def _batch(operation: str, body: Mapping[str, Any]) -> Needs:
    for table in body["RequestItems"]:
        yield operation, _table(table)


def _transaction(_operation: str, body: Mapping[str, Any]) -> Needs:
    """IAM knows no transactions: each part needs its own action."""
    actions = {
        "Put": "PutItem",
        "Update": "UpdateItem",
        "Delete": "DeleteItem",
        "ConditionCheck": "ConditionCheckItem",
        "Get": "GetItem",
    }
    for part in body["TransactItems"]:
        [(kind, given)] = part.items()
        yield actions[kind], _table(given["TableName"])


_DYNAMODB: Mapping[str, Callable[[str, Mapping[str, Any]], Needs]] = {
    "GetItem": _one,
    "Query": _one,
    "Scan": _one,
    "PutItem": _one,
    "UpdateItem": _one,
    "DeleteItem": _one,
    "BatchGetItem": _batch,
    "BatchWriteItem": _batch,
    "TransactWriteItems": _transaction,
    "TransactGetItems": _transaction,
}
