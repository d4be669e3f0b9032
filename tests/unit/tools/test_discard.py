"""What a failed creation left can be discarded, and nothing else."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
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


@pytest.mark.parametrize(
    "status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "UPDATE_COMPLETE", "DELETE_FAILED"]
)
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
