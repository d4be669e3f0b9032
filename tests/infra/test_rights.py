"""Who may do what."""

import re

from tests.infra.assembly import Assembly, many, text

# A star where a resource should stand, and why. Nothing else may have one.
ANY_RESOURCE = {
    "xray:PutTraceSegments": "X-Ray knows no resources",
    "xray:PutTelemetryRecords": "X-Ray knows no resources",
    "xray:GetSamplingRules": "X-Ray knows no resources",
    "xray:GetSamplingTargets": "X-Ray knows no resources",
    "logs:CreateLogDelivery": "log delivery knows no resources",
    "logs:GetLogDelivery": "log delivery knows no resources",
    "logs:UpdateLogDelivery": "log delivery knows no resources",
    "logs:DeleteLogDelivery": "log delivery knows no resources",
    "logs:ListLogDeliveries": "log delivery knows no resources",
    "logs:PutResourcePolicy": "log delivery knows no resources",
    "logs:DescribeResourcePolicies": "log delivery knows no resources",
    "logs:DescribeLogGroups": "log delivery knows no resources",
}
# API Gateway takes the role by which it writes logs only with its seven actions on everything.
GATEWAY_LOGS_ROLE = "LogsRole"
ITEM_ACTIONS = {
    f"dynamodb:{name}" for name in ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
}
STREAM_ACTIONS = {
    f"dynamodb:{name}"
    for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}


def test_no_action_is_a_wildcard(stage: Assembly) -> None:
    for resource, statement in stage.statements():
        for action in many(statement["Action"]):
            assert "*" not in action, str(resource)


def test_no_resource_is_a_wildcard_without_a_reason(stage: Assembly) -> None:
    for resource, statement in stage.statements():
        if resource.id.startswith(GATEWAY_LOGS_ROLE):
            continue
        if any("*" in text(target) for target in many(statement["Resource"])):
            assert set(many(statement["Action"])) <= set(ANY_RESOURCE), str(resource)


def test_no_role_has_a_policy_that_we_did_not_write(stage: Assembly) -> None:
    for role in stage.all("AWS::IAM::Role"):
        assert "ManagedPolicyArns" not in role.properties, str(role)


def test_no_one_scans_or_deletes(stage: Assembly) -> None:
    seen = {
        action
        for _, statement in stage.statements()
        for action in many(statement["Action"])
        if action.startswith("dynamodb:")
    }
    assert seen == ITEM_ACTIONS | STREAM_ACTIONS


def test_no_role_changes_the_ledger(stage: Assembly) -> None:
    table = _logical_id(stage, "ledger")
    given = set()
    for resource, statement in stage.statements():
        target = text(statement["Resource"])
        named = resource.stack == "ledger" and f'"{table}"' in target
        if named or re.search(r"table/cartwright-[a-z]+-ledger\b", target):
            given |= set(many(statement["Action"]))
    reads = {"dynamodb:Query", "dynamodb:BatchGetItem"}
    assert given == {"dynamodb:PutItem"} | reads | STREAM_ACTIONS


def test_the_auditor_changes_nothing_but_its_own_table(stage: Assembly) -> None:
    reads = {"dynamodb:BatchGetItem", "dynamodb:Query"}
    streams = STREAM_ACTIONS - {"dynamodb:ListStreams"}
    own, others = set(), set()
    for resource, statement in stage.statements():
        actions = set(many(statement["Action"]))
        if resource.stack != "operations" or not resource.id.startswith("checkinvariantsRole"):
            continue
        if not any(action.startswith("dynamodb:") for action in actions):
            assert not any(action.startswith("kms:") for action in actions) or (
                actions == {"kms:Decrypt", "kms:DescribeKey"}
                or actions >= {"kms:Encrypt"}  # its own table's key
            )
        elif f'"{_logical_id(stage, "audit")}"' in text(statement["Resource"]):
            own |= actions
        else:
            others |= actions
    assert own == {f"dynamodb:{name}" for name in ("PutItem", "UpdateItem")} | reads
    assert others == reads | streams


def test_the_ledger_refuses_changes_to_everyone(stage: Assembly) -> None:
    (ledger,) = [
        table
        for table in stage.all("AWS::DynamoDB::GlobalTable")
        if table.id == _logical_id(stage, "ledger")
    ]
    (replica,) = ledger.properties["Replicas"]
    (statement,) = replica["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Principal"] in ("*", {"AWS": "*"})
    assert {
        f"dynamodb:{name}"
        for name in ("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete")
    } <= set(statement["Action"])


def test_only_routes_and_janitors_start_a_checkout(stage: Assembly) -> None:
    starters = {}
    for resource, statement in stage.statements():
        if any(action.startswith("states:") for action in many(statement["Action"])):
            assert text(statement["Resource"]).endswith('-checkout"]]}')
            starters[str(resource)] = statement["Action"]
    roles = {re.sub(r"Role[0-9A-F]{8}$", "", name): action for name, action in starters.items()}
    assert roles == {
        "orders/placeorder": "states:StartSyncExecution",
        "orders/checkout": "states:StartSyncExecution",
        "orders/cancelorder": "states:StartSyncExecution",
        "orders/janitor": "states:StartExecution",
        "payments/createpayment": "states:StartSyncExecution",
        "payments/confirmpayment": "states:StartSyncExecution",
        "payments/receivewebhook": "states:StartExecution",
        "payments/janitor": "states:StartExecution",
    }


def test_data_keys_are_used_through_their_services_only(stage: Assembly) -> None:
    for resource, statement in stage.statements():
        actions = set(many(statement["Action"]))
        if actions & {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}:
            condition = statement["Condition"]["StringEquals"]["kms:ViaService"]
            assert text(condition).endswith(".amazonaws.com"), str(resource)


def test_only_sign_in_and_refresh_sign_tokens(stage: Assembly) -> None:
    signers = {
        re.sub(r"Role[0-9A-F]{8}$", "", resource.id)
        for resource, statement in stage.statements()
        if "kms:Sign" in many(statement["Action"])
    }
    assert signers == {"createsession", "refreshsession"}


def _logical_id(stage: Assembly, name: str) -> str:
    (found,) = [
        table.id
        for table in stage.all("AWS::DynamoDB::GlobalTable")
        if re.fullmatch(f"cartwright-[a-z]+-{name}", table.properties["TableName"])
    ]
    return found
