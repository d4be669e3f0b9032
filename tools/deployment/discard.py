"""Removes a stack whose creation failed, with the tables that it left, so that the next one finds
their names free. A stack that ever was complete is never touched."""

from typing import Any, cast

import boto3

from infra.stages import Stage
from tools.deployment.errors import Refused
from tools.deployment.preflight import NEVER_MADE

TABLE = "AWS::DynamoDB::GlobalTable"


def discard(stage: Stage, stack: str, *, account: str) -> None:
    """The protected tables are looked into first: one that holds a row stops everything."""
    session = cast(Any, boto3.Session(region_name=stage.region))
    found = session.client("sts").get_caller_identity()["Account"]
    if found != account:
        raise Refused(f"The credentials are of {found}; the stage {stage.name} is of {account}.")
    cloudformation, dynamodb = session.client("cloudformation"), session.client("dynamodb")
    name = stage.physical(stack)
    _refuse_what_was_made(cloudformation, name)
    tables = [table for table in _tables(cloudformation, name) if _exists(dynamodb, table)]
    for table in tables:
        if dynamodb.scan(TableName=table, Limit=1)["Count"]:
            raise Refused(f"The table {table} holds rows: find out whose they are.")
    cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
    for table in tables:
        _delete(dynamodb, table)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)


def _refuse_what_was_made(cloudformation: Any, name: str) -> None:
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        raise Refused(f"There is no stack {name}.") from error
    if found["StackStatus"] not in NEVER_MADE:
        raise Refused(
            f"{name} is {found['StackStatus']}: only a stack whose creation failed is discarded."
        )


def _tables(cloudformation: Any, name: str) -> list[str]:
    """The tables that the creation made and its roll-back could not remove."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return [
        made["PhysicalResourceId"]
        for page in pages
        for made in page["StackResourceSummaries"]
        if made["ResourceType"] == TABLE and made["ResourceStatus"] != "DELETE_COMPLETE"
        if made.get("PhysicalResourceId")
    ]


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
