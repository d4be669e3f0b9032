"""Removes a stack whose creation failed, with the tables that it left, so that the next one finds
their names free; and goes on with a deletion that failed. A stack that ever was complete, and that
nobody has begun to delete, is never touched."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import boto3
from botocore.exceptions import ClientError, WaiterError

from infra.stages import Stage
from tools.deployment.account import AwsAccount
from tools.deployment.errors import Refused
from tools.deployment.preflight import HALF_GONE, NEVER_MADE

TABLE = "AWS::DynamoDB::GlobalTable"
KEPT = frozenset({"Retain", "RetainExceptOnCreate"})


def discard(stage: Stage, stack: str, *, account: str, retain: Sequence[str] = ()) -> None:
    """Of a creation that failed the protected tables are looked into first: one that holds a row
    stops everything. Of a deletion that failed stays what `retain` names by its logical id, and
    what the template keeps."""
    session = cast(Any, boto3.Session(region_name=stage.region))
    found = AwsAccount(stage.region).id()
    if found != account:
        raise Refused(f"The credentials are of {found}; the stage {stage.name} is of {account}.")
    cloudformation, dynamodb = session.client("cloudformation"), session.client("dynamodb")
    name = stage.physical(stack)
    status = _status(cloudformation, name)
    if status == HALF_GONE:
        kept = _kept(cloudformation, name, retain)
        cloudformation.delete_stack(StackName=name, RetainResources=kept)
    elif retain:
        raise Refused(f"{name} is {status}: only of a deletion that failed something is retained.")
    elif status in NEVER_MADE:
        _free_names(cloudformation, dynamodb, name)
        cloudformation.delete_stack(StackName=name)
    else:
        raise Refused(
            f"{name} is {status}: only a stack whose creation or deletion failed is discarded."
        )
    _wait(cloudformation, name, stage, stack)


def _status(cloudformation: Any, name: str) -> str:
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # So it says of what is not there.
            raise
        raise Refused(f"There is no stack {name}.") from error
    return str(found["StackStatus"])


def _kept(cloudformation: Any, name: str, retain: Sequence[str]) -> list[str]:
    """CloudFormation takes no name but of what it failed to delete."""
    failed = {made["LogicalResourceId"] for made in _failed(cloudformation, name)}
    if strange := sorted(set(retain) - failed):
        raise Refused(
            f"{', '.join(strange)}: of {name} only what could not be deleted is retained: "
            f"{', '.join(sorted(failed)) or 'nothing'}."
        )
    template = cloudformation.get_template(StackName=name)["TemplateBody"]["Resources"]
    by_template = {
        id_ for id_ in failed if template.get(id_, {}).get("DeletionPolicy", "Delete") in KEPT
    }
    return sorted({*retain} | by_template)


def _free_names(cloudformation: Any, dynamodb: Any, name: str) -> None:
    tables = [table for table in _tables(cloudformation, name) if _exists(dynamodb, table)]
    for table in tables:
        if dynamodb.scan(TableName=table, Limit=1)["Count"]:
            raise Refused(f"The table {table} holds rows: find out whose they are.")
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    for table in tables:
        _delete(dynamodb, table)


def _wait(cloudformation: Any, name: str, stage: Stage, stack: str) -> None:
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
    except WaiterError as error:
        failed = [*_failed(cloudformation, name)]
        why = "".join(
            f"\n  {made['LogicalResourceId']}: {made.get('ResourceStatusReason', 'not said')}"
            for made in failed
        )
        ids = ",".join(made["LogicalResourceId"] for made in failed)
        raise Refused(
            f"The deletion of {name} failed.{why}\nMend it and try again, or let it stay: "
            f"make discard STAGE={stage.name} STACK={stack} RETAIN={ids}"
        ) from error


def _failed(cloudformation: Any, name: str) -> Iterator[Any]:
    """What the last deletion could not remove."""
    for made in _resources(cloudformation, name):
        if made["ResourceStatus"] == HALF_GONE:
            yield made


def _tables(cloudformation: Any, name: str) -> list[str]:
    """The tables that the creation made and its roll-back could not remove."""
    return [
        made["PhysicalResourceId"]
        for made in _resources(cloudformation, name)
        if made["ResourceType"] == TABLE and made["ResourceStatus"] != "DELETE_COMPLETE"
        if made.get("PhysicalResourceId")
    ]


def _resources(cloudformation: Any, name: str) -> Iterator[Any]:
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    for page in pages:
        yield from page["StackResourceSummaries"]


def _exists(dynamodb: Any, table: str) -> bool:
    """Not where an earlier attempt was interrupted after it."""
    try:
        dynamodb.describe_table(TableName=table)
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
    return True


def _delete(dynamodb: Any, table: str) -> None:
    """What the creation of a stack made, its deletion retains: so the table goes by itself."""
    dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    dynamodb.get_waiter("table_exists").wait(TableName=table)
    dynamodb.delete_table(TableName=table)
    dynamodb.get_waiter("table_not_exists").wait(TableName=table)
