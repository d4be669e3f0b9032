"""What keeps data: tables, keys, secrets, logs."""

import re

import pytest

from shop.deploy import discover
from tests.support import dynamodb
from tools.access.templates import Assembly, Resource

PLATFORM = discover()
KEEPING = (
    "AWS::DynamoDB::GlobalTable",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
)


def tables(stage: Assembly) -> dict[str, Resource]:
    return {
        re.sub("^cartwright-[a-z]+-", "", table.properties["TableName"]): table
        for table in stage.all("AWS::DynamoDB::GlobalTable")
    }


def test_these_are_the_tables(stage: Assembly) -> None:
    assert set(tables(stage)) == set(PLATFORM.tables)


def test_each_table_has_the_same_keys_and_no_fixed_capacity(stage: Assembly) -> None:
    for table in tables(stage).values():
        assert table.properties["KeySchema"] == [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ]
        assert table.properties["BillingMode"] == "PAY_PER_REQUEST"


def test_each_table_has_its_indexes_and_they_hold_what_is_read(stage: Assembly) -> None:
    for name, table in tables(stage).items():
        indexes = table.properties.get("GlobalSecondaryIndexes", [])
        assert {index["IndexName"]: index["Projection"] for index in indexes} == {
            index: dynamodb.projection(each) for index, each in dynamodb.TABLES[name].items()
        }
        for index in indexes:
            wanted = dynamodb.TABLES[name][index["IndexName"]]
            keys = [key["AttributeName"] for key in index["KeySchema"]]
            assert keys == [wanted.partition, wanted.sort]


def test_what_is_published_or_audited_is_streamed(stage: Assembly) -> None:
    for name, table in tables(stage).items():
        declared = PLATFORM.tables[name]
        stream = table.properties.get("StreamSpecification", {}).get("StreamViewType")
        assert stream == ("NEW_AND_OLD_IMAGES" if PLATFORM.streams(declared) else None)
        ttl = table.properties.get("TimeToLiveSpecification", {}).get("AttributeName")
        assert ttl == ("expires_at" if declared.expires else None)


def test_each_table_is_encrypted_by_the_key_of_its_service(stage: Assembly) -> None:
    for table in tables(stage).values():
        (replica,) = table.properties["Replicas"]
        key = stage.target(table.stack, replica["SSESpecification"]["KMSMasterKeyId"])
        assert key.properties["EnableKeyRotation"] is True


def test_production_tables_outlive_mistakes(prod: Assembly) -> None:
    for table in tables(prod).values():
        (replica,) = table.properties["Replicas"]
        assert replica["DeletionProtectionEnabled"] is True
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


@pytest.mark.parametrize("kind", KEEPING)
def test_production_keeps_data_when_a_stack_goes(prod: Assembly, kind: str) -> None:
    found = prod.all(kind)
    assert found
    for resource in found:
        assert resource.raw["DeletionPolicy"] == "Retain", str(resource)
        assert resource.raw["UpdateReplacePolicy"] == "Retain", str(resource)


@pytest.mark.parametrize("kind", KEEPING)
def test_the_local_stage_leaves_nothing_behind(local: Assembly, kind: str) -> None:
    for resource in local.all(kind):
        assert resource.raw["DeletionPolicy"] == "Delete", str(resource)


def test_production_logs_last_for_a_year(prod: Assembly) -> None:
    for group in prod.all("AWS::Logs::LogGroup"):
        assert group.properties["RetentionInDays"] == 400


def test_tokens_are_signed_and_addresses_hidden_by_keys_for_that_alone(stage: Assembly) -> None:
    kinds = {
        (key.properties.get("KeySpec"), key.properties.get("KeyUsage"))
        for key in stage.all("AWS::KMS::Key")
        if key.stack == "identity"
    }
    assert kinds == {
        (None, None),
        ("ECC_NIST_P256", "SIGN_VERIFY"),
        ("HMAC_256", "GENERATE_VERIFY_MAC"),
    }
