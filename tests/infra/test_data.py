"""What keeps data: tables, keys, secrets, logs."""

import re

import pytest

from infra.project import ROOT
from shop.deploy import discover
from tests.support import dynamodb
from tools.access.templates import Assembly, Resource

PLATFORM = discover()
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
KEEPING = (
    "AWS::DynamoDB::GlobalTable",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::SQS::Queue",
)


def tables(stage: Assembly) -> dict[str, Resource]:
    return {
        re.sub("^cartwright-[a-z]+-", "", table.properties["TableName"]).replace("-", "_"): table
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


def test_what_is_personal_or_about_money_is_encrypted_by_the_key_of_its_service(
    stage: Assembly,
) -> None:
    found = set()
    for name, table in tables(stage).items():
        (replica,) = table.properties["Replicas"]
        if key := replica.get("SSESpecification", {}).get("KMSMasterKeyId"):
            assert stage.target(table.stack, key).properties["EnableKeyRotation"] is True
            found.add(name)
    personal = {name for name, declared in PLATFORM.tables.items() if declared.personal}
    assert found == personal | {"user_keys", "ledger", "balances"}


def test_production_tables_outlive_mistakes(prod: Assembly) -> None:
    for table in tables(prod).values():
        (replica,) = table.properties["Replicas"]
        assert replica["DeletionProtectionEnabled"] is True
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_what_is_destroyed_is_in_no_copy_for_longer_than_it_must(prod: Assembly) -> None:
    """As long as a copy holds the key of an erased user, they can be read: a day is DynamoDB's
    least."""
    days = {}
    for name, table in tables(prod).items():
        (replica,) = table.properties["Replicas"]
        copies = replica["PointInTimeRecoverySpecification"]
        days[name] = copies["RecoveryPeriodInDays"]
    assert days.pop("user_keys") == 1
    assert set(days.values()) == {35}


@pytest.mark.parametrize("kind", KEEPING)
def test_production_keeps_data_when_a_stack_goes(prod: Assembly, kind: str) -> None:
    found = prod.all(kind)
    assert found
    for resource in found:
        assert resource.raw["DeletionPolicy"] == "RetainExceptOnCreate", str(resource)
        assert resource.raw["UpdateReplacePolicy"] == "Retain", str(resource)


def test_a_creation_that_failed_leaves_no_name_taken(assemblies: dict[str, Assembly]) -> None:
    """Else every further attempt ends in "already exists". Versions of layers have no names."""
    for stage in assemblies.values():
        for resource in stage:
            kept = resource.raw.get("DeletionPolicy") == "Retain"
            assert not kept or resource.type == "AWS::Lambda::LayerVersion", str(resource)


def test_what_the_runbook_says_of_stages_that_keep_their_data_is_so(
    assemblies: dict[str, Assembly],
) -> None:
    said = re.search(r"Tables, keys and\s+the secret outlive their stack in `(\w+)` only", RUNBOOK)
    assert said
    for kind in ("AWS::DynamoDB::GlobalTable", "AWS::KMS::Key", "AWS::SecretsManager::Secret"):
        for name, stage in assemblies.items():
            policies = {resource.raw["DeletionPolicy"] for resource in stage.all(kind)}
            wanted = "RetainExceptOnCreate" if name == said.group(1) else "Delete"
            assert policies == {wanted}, name


@pytest.mark.parametrize("kind", KEEPING)
def test_the_local_stage_leaves_nothing_behind(local: Assembly, kind: str) -> None:
    for resource in local.all(kind):
        assert resource.raw["DeletionPolicy"] == "Delete", str(resource)


def test_production_knows_for_a_year_who_called_what_and_forgets_the_rest(prod: Assembly) -> None:
    for group in prod.all("AWS::Logs::LogGroup"):
        access = str(group.properties["LogGroupName"]).endswith("/access")
        assert group.properties["RetentionInDays"] == (400 if access else 30), str(group)


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


def test_what_finds_users_and_signs_tokens_can_be_replicated(
    assemblies: dict[str, Assembly], local: Assembly
) -> None:
    """A key is of several regions from its beginning or never."""
    for stage in (*assemblies.values(), local):
        for key in stage.all("AWS::KMS::Key"):
            replicable = "KeySpec" in key.properties  # Data keys are not: a replica has its own.
            assert key.properties.get("MultiRegion", False) is replicable, str(key)


def test_the_template_of_the_secret_never_changes(stage: Assembly) -> None:
    """CloudFormation makes a new value when this changes in any way, and the live key of the
    payment provider would be gone. A further member must be optional where the secret is read."""
    (secret,) = stage.all("AWS::SecretsManager::Secret")
    assert secret.properties["GenerateSecretString"] == {
        "ExcludePunctuation": True,
        "GenerateStringKey": "api_key",
        "SecretStringTemplate": '{"payment_methods": {}, "webhook_secrets": []}',
    }
    assert "SecretString" not in secret.properties


def test_old_layers_stay_for_services_that_roll_back(
    assemblies: dict[str, Assembly], unlinked: Assembly
) -> None:
    for stage in (*assemblies.values(), unlinked):
        layers = stage.all("AWS::Lambda::LayerVersion")
        assert layers
        for layer in layers:
            assert layer.raw["DeletionPolicy"] == "Retain", str(layer)
            assert layer.raw["UpdateReplacePolicy"] == "Retain", str(layer)


def test_operators_find_the_key_of_addresses_by_its_name(assemblies: dict[str, Assembly]) -> None:
    """`shopctl staff` and the seed ask for it, in every stage."""
    for name, stage in assemblies.items():
        aliases = {alias.properties["AliasName"] for alias in stage.all("AWS::KMS::Alias")}
        assert f"alias/cartwright-{name}-identity-email-mac" in aliases
