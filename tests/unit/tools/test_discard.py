"""What a failed creation left can be discarded, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from moto import mock_aws
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.models import DEFAULT_ACCOUNT_ID

from infra.stages import PROD
from tools.deployment.account import AwsAccount
from tools.deployment.discard import discard
from tools.deployment.errors import Refused

MINE = "111122223333"
TEMPLATE = {
    "Resources": {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "DeletionPolicy": "RetainExceptOnCreate",
            "Properties": {
                "TableName": "cartwright-prod-orders",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "DeletionProtectionEnabled": True,
            },
        }
    }
}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)
    with mock_aws():
        yield


@pytest.fixture
def left(aws: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A protected stack whose creation failed, and whose protected table is still there.

    moto knows no global tables and does not take the protection of a stack off.
    """
    monkeypatch.setattr("tools.deployment.discard.TABLE", "AWS::DynamoDB::Table")

    def unprotect(self: CloudFormationResponse) -> str:
        assert self._get_param("EnableTerminationProtection") is False
        stack.enable_termination_protection = False
        return (
            "<UpdateTerminationProtectionResponse><UpdateTerminationProtectionResult/>"
            "</UpdateTerminationProtectionResponse>"
        )

    monkeypatch.setattr(
        CloudFormationResponse, "update_termination_protection", unprotect, raising=False
    )
    client = boto3.client("cloudformation", region_name=PROD.region)
    client.create_stack(
        StackName="cartwright-prod-orders",
        TemplateBody=json.dumps(TEMPLATE),
        EnableTerminationProtection=True,
    )
    backend = cloudformation_backends[DEFAULT_ACCOUNT_ID][PROD.region]
    stack = backend.get_stack("cartwright-prod-orders")
    stack.status = "ROLLBACK_FAILED"
    # Nor does it know that what the creation made is retained by the deletion.
    monkeypatch.setattr(
        type(stack), "delete", lambda self: setattr(self, "status", "DELETE_COMPLETE")
    )
    return stack


def tables() -> list[str]:
    return boto3.client("dynamodb", region_name=PROD.region).list_tables()["TableNames"]


@pytest.mark.usefixtures("left")
def test_what_a_failed_creation_left_is_gone_after_discard() -> None:
    discard(PROD, "orders", account=DEFAULT_ACCOUNT_ID)
    assert tables() == []
    assert AwsAccount(PROD.region).statuses("cartwright-prod-").get("cartwright-prod-orders") in (
        None,
        "DELETE_COMPLETE",
    )


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "UPDATE_COMPLETE"])
def test_a_stack_that_ever_was_complete_is_never_discarded(left: Any, status: str) -> None:
    left.status = status
    with pytest.raises(Refused, match=f"is {status}"):
        discard(PROD, "orders", account=DEFAULT_ACCOUNT_ID)
    assert tables() == ["cartwright-prod-orders"]
    assert left.enable_termination_protection is True


def test_a_table_that_holds_a_row_is_never_discarded(left: Any) -> None:
    boto3.client("dynamodb", region_name=PROD.region).put_item(
        TableName="cartwright-prod-orders", Item={"pk": {"S": "somebody's"}}
    )
    with pytest.raises(Refused, match="holds rows"):
        discard(PROD, "orders", account=DEFAULT_ACCOUNT_ID)
    assert tables() == ["cartwright-prod-orders"]
    assert left.enable_termination_protection is True


@pytest.mark.usefixtures("left")
def test_nothing_is_discarded_in_another_account() -> None:
    with pytest.raises(Refused, match="is of 111122223333"):
        discard(PROD, "orders", account=MINE)
    assert tables() == ["cartwright-prod-orders"]


class HalfGone:
    """CloudFormation with a stack whose deletion failed; moto knows no such one."""

    exceptions = boto3.client("cloudformation", region_name=PROD.region).exceptions

    def __init__(self) -> None:
        self.status = "DELETE_FAILED"
        self.failed = {"Table": "is protected", "Bucket": "is not empty"}
        self.fails_again = False
        self.retained: list[str] | None = None

    def client(self, name: str) -> Any:
        return self

    def get_caller_identity(self) -> Any:
        return {"Account": MINE}

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 (AWS)
        return {"Stacks": [{"StackStatus": self.status}]}

    def get_template(self, StackName: str) -> Any:  # noqa: N803 (AWS)
        policies = {"Table": {"DeletionPolicy": "RetainExceptOnCreate"}, "Bucket": {}, "Gone": {}}
        return {"TemplateBody": {"Resources": policies}}

    def get_paginator(self, name: str) -> Any:
        return self

    def paginate(self, StackName: str) -> Any:  # noqa: N803 (AWS)
        failed = [
            {"LogicalResourceId": id_, "ResourceStatus": "DELETE_FAILED",
             "ResourceStatusReason": why}
            for id_, why in self.failed.items()
        ]  # fmt: skip
        gone = {"LogicalResourceId": "Gone", "ResourceStatus": "DELETE_COMPLETE"}
        return [{"StackResourceSummaries": [*failed, gone]}]

    def delete_stack(self, StackName: str, RetainResources: list[str]) -> None:  # noqa: N803 (AWS)
        self.retained = RetainResources

    def get_waiter(self, name: str) -> Any:
        return self

    def wait(self, StackName: str) -> None:  # noqa: N803 (AWS)
        if self.fails_again:
            raise WaiterError("stack_delete_complete", "it failed", {})


@pytest.fixture
def half_gone(monkeypatch: pytest.MonkeyPatch) -> HalfGone:
    found = HalfGone()
    monkeypatch.setattr("tools.deployment.discard.boto3.Session", lambda **_: found)
    return found


@pytest.mark.parametrize(
    ("named", "retained"), [([], ["Table"]), (["Bucket"], ["Bucket", "Table"])]
)
def test_of_a_deletion_that_failed_stays_what_is_named_and_what_the_template_keeps(
    half_gone: HalfGone, named: list[str], retained: list[str]
) -> None:
    discard(PROD, "orders", account=MINE, retain=named)
    assert half_gone.retained == retained


def test_nothing_is_retained_that_could_be_deleted(half_gone: HalfGone) -> None:
    with pytest.raises(Refused, match=r"Gone: .* only what could not be deleted .* Bucket"):
        discard(PROD, "orders", account=MINE, retain=["Gone"])
    assert half_gone.retained is None


def test_nothing_of_a_failed_creation_is_retained(half_gone: HalfGone) -> None:
    half_gone.status = "ROLLBACK_FAILED"
    with pytest.raises(Refused, match="only of a deletion that failed something is retained"):
        discard(PROD, "orders", account=MINE, retain=["Table"])
    assert half_gone.retained is None


def test_a_deletion_that_fails_again_says_why_and_what_to_do(half_gone: HalfGone) -> None:
    half_gone.fails_again = True
    with pytest.raises(Refused) as refused:
        discard(PROD, "orders", account=MINE)
    assert "Bucket: is not empty" in str(refused.value)
    assert "make discard STAGE=prod STACK=orders RETAIN=Table,Bucket" in str(refused.value)
