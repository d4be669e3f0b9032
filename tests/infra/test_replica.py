"""Where a stage has a second region, users are found, and tokens signed, in both."""

import json
from collections.abc import Iterator
from typing import Any

from shop.deploy import discover
from tests.infra.synthesize import REPLICA_REGION
from tools.access.policies import Policies
from tools.access.templates import Assembly, many

HOME = "eu-central-1"


def tables(stage: Assembly) -> dict[str, dict[str, Any]]:
    return {
        made.properties["TableName"].removeprefix("cartwright-prod-").replace("-", "_"): {
            replica["Region"]: replica for replica in made.properties["Replicas"]
        }
        for made in stage.all("AWS::DynamoDB::GlobalTable")
    }


def test_users_sessions_and_their_keys_are_in_both_regions(replicated: Assembly) -> None:
    wanted = {name for name, table in discover().tables.items() if table.replicated}
    assert wanted == {"identity", "user_keys"}
    for name, replicas in tables(replicated).items():
        assert set(replicas) == ({HOME, REPLICA_REGION} if name in wanted else {HOME})


def test_without_a_second_region_nothing_is_anywhere_else(prod: Assembly) -> None:
    assert all(set(replicas) == {HOME} for replicas in tables(prod).values())
    assert "replica" not in prod.templates


def test_no_table_that_money_or_stock_is_counted_in_is_replicated() -> None:
    """What two regions write to a row at the same time, the later one wins."""
    for service in ("orders", "payments", "ledger", "inventory"):
        assert not any(table.replicated for table in discover().services[service].tables)


def test_a_replica_is_protected_as_its_table_is(replicated: Assembly) -> None:
    for replicas in tables(replicated).values():
        for replica in replicas.values():
            assert replica["DeletionProtectionEnabled"]
            assert (
                replica["PointInTimeRecoverySpecification"]
                == replicas[HOME]["PointInTimeRecoverySpecification"]
            )


def test_a_replica_is_encrypted_by_a_key_of_its_region_that_is_made_before(
    replicated: Assembly,
) -> None:
    aliases = {
        made.properties["AliasName"]
        for made in replicated.all("AWS::KMS::Alias")
        if made.stack == "replica"
    }
    assert "replica" in replicated.needs["identity"]
    for name in ("identity", "user_keys"):
        arn = tables(replicated)[name][REPLICA_REGION]["SSESpecification"]["KMSMasterKeyId"]
        assert arn.split(":")[3] == REPLICA_REGION
        assert arn.split(":")[5] in aliases


def statements(stage: Assembly) -> Iterator[dict[str, Any]]:
    for role in stage.all("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", []):
            yield from policy["PolicyDocument"]["Statement"]


def test_the_rotation_makes_and_deletes_replicas_of_token_keys_and_of_no_others(
    replicated: Assembly,
) -> None:
    tag = {"aws:ResourceTag/cartwright:purpose": "cartwright-prod-identity-tokens"}
    found = {
        action: statement
        for statement in statements(replicated)
        for action in many(statement["Action"])
        if action == "kms:ReplicateKey" or f":{REPLICA_REGION}:" in json.dumps(statement)
        if statement["Effect"] == "Allow"
    }
    assert found.keys() == {"kms:ReplicateKey", "kms:ScheduleKeyDeletion"}
    asked = found["kms:ReplicateKey"]["Condition"]["StringEquals"]
    assert asked == {**tag, "kms:ReplicaRegion": REPLICA_REGION}
    assert found["kms:ScheduleKeyDeletion"]["Condition"]["StringEquals"] == tag


def test_the_first_token_key_is_deleted_in_no_region(replicated: Assembly) -> None:
    [denied] = [each for each in statements(replicated) if each["Effect"] == "Deny"]
    assert denied["Action"] == "kms:ScheduleKeyDeletion"
    regions = [":eu-central-1:", f":{REPLICA_REGION}:"]
    for region, resource in zip(regions, denied["Resource"], strict=True):
        assert region in json.dumps(resource)
        assert "TokenKey" in json.dumps(resource)


def test_what_reads_the_templates_reads_those_of_two_regions(replicated: Assembly) -> None:
    assert Policies(replicated).of_roles


def test_the_rotation_knows_the_second_region(replicated: Assembly, prod: Assembly) -> None:
    def told(stage: Assembly) -> set[str]:
        return {
            made.properties["Environment"]["Variables"]["TOKEN_KEYS_REPLICAS"]
            for made in stage.all("AWS::Lambda::Function")
            if "TOKEN_KEYS_REPLICAS" in made.properties["Environment"]["Variables"]
        }

    assert told(replicated) == {REPLICA_REGION}
    assert told(prod) == {""}
