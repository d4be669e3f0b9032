"""Rules of who may do what that hold whatever the functions are.

That each function needs its rights is test_least_privilege.py; who may do what, all in all, is
docs/access.md, which test_access.py compares.
"""

import re
from pathlib import Path

import pytest

from identity.clients import key_maker
from tools.access.policies import ACCOUNT, ANYONE, Policies, RoutePermission
from tools.access.questions import REPLICATION, WRITES, Questions, covers
from tools.access.templates import Assembly

# A star where a resource should stand, and why. Nothing else may have one.
ANY_RESOURCE = {
    "kms:ListKeys": "a list of keys is of all keys",
    "kms:CreateKey": "a key has no name before it is made; conditions say which",
    "kms:TagResource": "with the tag that a key is made with, on keys of that kind only",
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
MAILERS = {"identity.on_mail_requested", "identity.steps"}
USER_KEYS = "key/user-keys"
# The one of the template, and those that have its tag.
TOKEN_KEY, TOKEN_KEYS = "key/identity-tokens", "key/identity-tokens*"
NAMED_USER = (
    "ForAllValues:StringEquals kms:EncryptionContextKeys user_id"
    " and StringLike kms:EncryptionContext:user_id usr_*"
)
# API Gateway takes the role by which it writes logs only with its seven actions on everything.
GATEWAY = "gateway"
GATEWAY_ACTIONS = {
    f"logs:{name}"
    for name in (
        "CreateLogGroup", "CreateLogStream", "DescribeLogGroups", "DescribeLogStreams",
        "PutLogEvents", "GetLogEvents", "FilterLogEvents",
    )
}  # fmt: skip
ITEM_ACTIONS = {
    f"dynamodb:{name}" for name in ("GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem")
}
STREAM_ACTIONS = {
    f"dynamodb:{name}"
    for name in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
}


@pytest.fixture
def asked(policies: Policies) -> Questions:
    return Questions(policies)


def ledger(policies: Policies) -> str:
    found = [
        policies.names.of(made) for made in policies.assembly.all("AWS::DynamoDB::GlobalTable")
    ]
    (arn,) = [arn for arn in found if policies.names.short(arn) == "table/ledger"]
    return arn


def lines(grants: list[RoutePermission]) -> list[str]:
    """For a message: who, what, and where it stands."""
    return [f"{grant.who}: {grant.action} on {grant.on}, in {grant.where}" for grant in grants]


def test_no_role_has_a_wildcard_for_an_action(policies: Policies) -> None:
    assert lines([grant for grant in policies.of_roles if "*" in grant.action]) == []


def test_no_role_has_a_wildcard_for_a_resource_without_a_reason(policies: Policies) -> None:
    logs_end = ":*"  # A log group's ARN ends so: its streams.
    assert [
        line
        for grant, line in zip(policies.of_roles, lines(policies.of_roles), strict=True)
        if re.search(r"[*?]", grant.on.removesuffix(logs_end) if ":logs:" in grant.on else grant.on)
        and grant.action not in ANY_RESOURCE
        and not _is_local_reader(policies, grant)
        and not _is_local_mailer(policies, grant)
        and not _is_prefix(grant)
        and policies.names.short(grant.on) != TOKEN_KEYS
    ] == []


def _is_local_reader(policies: Policies, grant: RoutePermission) -> bool:
    """The emulator asks for the right to read a stream on everything: infra/stages.py."""
    local = any("cartwright-local-" in str(made.properties) for made in policies.assembly)
    auditor = grant.who == "operations.check_invariants"
    return local and auditor and grant.on == "*" and grant.action in STREAM_ACTIONS


def _is_prefix(grant: RoutePermission) -> bool:
    """Objects have ids for names: a right to them ends with a prefix, and has no other star."""
    form = r"arn:aws:s3:::cartwright-\w+-exports-\d{12}-[a-z0-9-]+/[a-z/]+/\*"
    return grant.action.startswith("s3:") and re.fullmatch(form, grant.on) is not None


def _is_local_mailer(policies: Policies, grant: RoutePermission) -> bool:
    """The emulator asks for the right to send mail on everything: infra/stages.py."""
    local = any("cartwright-local-" in str(made.properties) for made in policies.assembly)
    mailer = grant.who in MAILERS
    return local and mailer and grant.on == "*" and grant.action == "ses:SendEmail"


def test_mail_is_sent_by_two_functions_as_one_address_of_the_shop(prod: Assembly) -> None:
    policies = Policies(prod)
    grants = [grant for grant in policies.of_roles if grant.action.startswith("ses:")]
    assert {(grant.who, grant.action) for grant in grants} == {
        (who, "ses:SendEmail") for who in MAILERS
    }
    assert all(grant.on.endswith(":identity/example.com") for grant in grants)
    given = [
        statement
        for role in prod.all("AWS::IAM::Role")
        for given in role.properties.get("Policies", [])
        for statement in given["PolicyDocument"]["Statement"]
        if statement["Action"] == "ses:SendEmail"
    ]
    assert [each["Condition"] for each in given] == [
        {"StringEquals": {"ses:FromAddress": "shop@example.com"}}
    ] * len(MAILERS)


def test_the_gateway_writes_logs_and_nothing_else(account: Assembly) -> None:
    policies = Policies(account)
    assert {grant.who for grant in policies.of_roles} == {GATEWAY}
    assert {grant.action for grant in policies.of_roles} == GATEWAY_ACTIONS
    assert {(grant.who, grant.action) for grant in policies.of_trust} == {
        ("apigateway.amazonaws.com", "sts:AssumeRole")
    }


def test_no_stage_owns_what_all_stages_of_an_account_share(
    assemblies: dict[str, Assembly], account: Assembly
) -> None:
    """It would go with the stage, and the others' logs with it."""
    for stage in assemblies.values():
        assert stage.all("AWS::ApiGateway::Account") == []
    assert {resource.type for resource in account} == {
        "AWS::ApiGateway::Account",
        "AWS::CloudTrail::Trail",
        "AWS::IAM::Role",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
    }
    for resource in account:
        assert resource.raw["DeletionPolicy"] == "RetainExceptOnCreate", str(resource)


def test_what_is_done_to_keys_is_told_by_a_trail_where_the_account_has_none(
    account: Assembly, synthesized: Path
) -> None:
    (trail,) = account.all("AWS::CloudTrail::Trail")
    assert trail.properties["IsLogging"] is True
    assert trail.properties["EventSelectors"] == [
        {"IncludeManagementEvents": True, "ReadWriteType": "WriteOnly"}
    ]
    let_in = [grant for grant in Policies(account).of_resources if grant.allows]
    assert {(grant.who, grant.action, grant.when) for grant in let_in} == {
        (
            "cloudtrail.amazonaws.com",
            action,
            "StringEquals aws:SourceArn cloudtrail:trail/eu-central-1",
        )
        for action in ("s3:GetBucketAcl", "s3:PutObject")
    }
    other = Assembly(synthesized / "account-without-trail")
    assert other.all("AWS::CloudTrail::Trail") == other.all("AWS::S3::Bucket") == []


def test_no_one_scans_and_only_who_erases_users_deletes(policies: Policies) -> None:
    given = [grant for grant in policies.of_roles if grant.action.startswith("dynamodb:")]
    known = ITEM_ACTIONS | STREAM_ACTIONS
    beyond = {
        (grant.who, grant.action, policies.names.short(grant.on))
        for grant in given
        if grant.action not in known
    }
    assert beyond == {("identity.steps", "dynamodb:DeleteItem", "table/identity")}
    assert {grant.action for grant in given} >= known


def test_the_ledger_is_append_only_for_every_role(policies: Policies) -> None:
    arn = ledger(policies)
    places = (arn, f"{arn}/index/by_account", f"{arn}/stream/now")
    allowed = {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchGetItem"} | STREAM_ACTIONS
    given = [
        grant
        for grant in [*policies.of_roles, *policies.of_resources]
        if grant.allows and grant.action.startswith("dynamodb:")
        if any(covers(grant, grant.action, place) for place in places)
    ]
    assert lines([grant for grant in given if grant.action not in allowed]) == []
    writers = {grant.who for grant in given if grant.action == "dynamodb:PutItem"}
    assert writers == {"ledger.on_payment"}


def test_the_auditor_changes_nothing_but_its_own_table(policies: Policies) -> None:
    reads = {"dynamodb:BatchGetItem", "dynamodb:Query"} | STREAM_ACTIONS
    foreign = [
        grant
        for grant in policies.of_roles
        if grant.who == "operations.check_invariants" and grant.action.startswith("dynamodb:")
        if not policies.names.short(grant.on).startswith("table/audit")
    ]
    assert foreign
    assert lines([grant for grant in foreign if grant.action not in reads]) == []


def test_the_ledger_refuses_changes_to_anyone_whatever_a_role_may(asked: Questions) -> None:
    arn = ledger(asked.policies)
    open_ = [a for a in WRITES if not asked.refused_to_anyone(f"dynamodb:{a}", arn)]
    assert open_ == ["PutItem"]


def test_the_ledger_can_be_replicated_and_by_nobody_else(policies: Policies) -> None:
    """A refusal without this exemption would refuse the rows of another region, too."""
    (whens,) = {
        frozenset(grant.when for grant in policies.of_resources if grant.on == ledger(policies))
    }
    assert whens == {REPLICATION}


def test_only_routes_and_recovery_job_start_a_checkout_and_the_wish_alone_an_erasure(
    policies: Policies,
) -> None:
    starters = {
        grant.who: (grant.action, policies.names.short(grant.on))
        for grant in policies.of_roles
        if grant.action.startswith("states:")
    }
    wait, leave = (
        (f"states:{action}", "machine/checkout")
        for action in ("StartSyncExecution", "StartExecution")
    )
    assert starters == {
        "orders.place_order": wait,
        "orders.cancel_order": wait,
        "orders.checkout": wait,
        "orders.recover_orders": leave,
        "payments.create_payment": wait,
        "payments.confirm_payment": wait,
        "payments.recover_payments": leave,
        "payments.receive_webhook": leave,
        "identity.on_erasure_requested": ("states:StartExecution", "machine/erasure"),
        "identity.on_export_requested": ("states:StartExecution", "machine/export"),
    }


def test_each_service_writes_its_own_part_of_an_export_and_only_its_owner_reads_one(
    policies: Policies,
) -> None:
    given = {
        (grant.who, grant.action, policies.names.short(grant.on))
        for grant in policies.of_roles
        if grant.action.startswith("s3:")
    }
    assert given == {
        ("identity.get_export", "s3:GetObject", "objects/exports/archives"),
        ("identity.steps", "s3:DeleteObject", "objects/exports/archives"),
        ("identity.steps", "s3:PutObject", "objects/exports/archives"),
        *(
            right
            for service in ("identity", "orders", "payments")
            for right in (
                (f"{service}.steps", "s3:PutObject", f"objects/exports/parts/{service}"),
                ("identity.steps", "s3:GetObject", f"objects/exports/parts/{service}"),
                ("identity.steps", "s3:DeleteObject", f"objects/exports/parts/{service}"),
            )
        ),
    }


def test_data_keys_are_used_through_their_services_only(policies: Policies) -> None:
    direct = [
        grant
        for grant in policies.of_roles
        if grant.action in {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncrypt*"}
        and not re.fullmatch(r"StringEquals kms:ViaService \w+\.amazonaws\.com", grant.when)
        and policies.names.short(grant.on) != USER_KEYS
    ]
    assert lines(direct) == []


def test_keys_of_users_are_opened_one_by_one_by_those_who_seal_or_show(
    policies: Policies,
) -> None:
    given = [grant for grant in policies.of_roles if policies.names.short(grant.on) == USER_KEYS]
    openers, makers = (
        {grant.who for grant in given if grant.action == f"kms:{action}"}
        for action in ("Decrypt", "GenerateDataKey")
    )
    assert makers == {
        "identity.verify_user",
        "orders.checkout",
        "orders.place_order",
        "payments.create_payment",
    }
    assert openers == makers | {
        "identity.add_address",
        "identity.challenge_factor",
        "identity.change_address",
        "identity.change_password",
        "identity.change_profile",
        "identity.confirm_factor",
        "identity.create_session",
        "identity.delete_address",
        "identity.enrol_factor",
        "identity.get_address",
        "identity.get_profile",
        "identity.get_userinfo",
        "identity.list_addresses",
        "identity.list_factors",
        "identity.list_sessions",
        "identity.on_mail_requested",
        "identity.renew_recovery_codes",
        "identity.reset_password",
        "identity.steps",
        "identity.verify_factor",
        "orders.get_order",
        "orders.recover_orders",
        "orders.steps",
        "payments.steps",
    }
    assert {grant.action for grant in given} == {"kms:Decrypt", "kms:GenerateDataKey"}
    local = any("cartwright-local-" in str(made.properties) for made in policies.assembly)
    assert {grant.when for grant in given} == {"" if local else NAMED_USER}


def test_only_who_opens_goes_on_with_or_raises_a_session_signs_tokens(policies: Policies) -> None:
    """What an erasure signs is of another type, which nobody takes for a token."""
    signers = {
        (grant.who, policies.names.short(grant.on))
        for grant in policies.of_roles
        if grant.action == "kms:Sign"
    }
    assert signers == {
        (f"identity.{name}", key)
        for key in (TOKEN_KEY, TOKEN_KEYS)
        for name in (
            "create_session",
            "create_token",
            "refresh_session",
            "steps",
            "verify_factor",
        )
    }


def test_only_the_rotation_of_token_keys_makes_and_deletes_keys_and_no_others(
    policies: Policies,
) -> None:
    """No key of another kind is made, and none is made one of these by its tag."""
    kind = (
        "StringEquals aws:RequestTag/cartwright:purpose identity-tokens"
        " and StringEqualsIfExists kms:KeySpec ECC_NIST_P256"
        " and StringEqualsIfExists kms:KeyUsage SIGN_VERIFY"
    )
    given = {
        (grant.who, grant.action, policies.names.short(grant.on), grant.when, grant.allows)
        for grant in policies.of_roles
        if grant.action in ("kms:CreateKey", "kms:TagResource", "kms:ScheduleKeyDeletion")
    }
    rotation = "identity.rotate_token_keys"
    assert given == {
        (rotation, "kms:CreateKey", "*", kind, True),
        (rotation, "kms:TagResource", "*", kind, True),
        (rotation, "kms:ScheduleKeyDeletion", TOKEN_KEYS, "", True),
        (rotation, "kms:ScheduleKeyDeletion", TOKEN_KEY, "", False),
    }


def test_no_function_deletes_the_token_key_of_the_template(asked: Questions) -> None:
    (arn,) = [arn for arn, _ in asked.every("AWS::KMS::Key") if arn.endswith("-identity-tokens")]
    assert asked.who(["kms:ScheduleKeyDeletion"], [arn]) == []
    assert asked.who(["kms:Sign"], [arn])


def test_the_first_token_key_has_the_tag_by_which_rights_know_it(policies: Policies) -> None:
    """The same that the maker of keys gives."""
    [tagged] = [
        made
        for made in policies.assembly.all("AWS::KMS::Key")
        if any(tag["Key"] == key_maker.PURPOSE for tag in made.properties.get("Tags", []))
    ]
    assert policies.names.short(policies.names.of(tagged)) == "key/identity-tokens"
    [tag] = [each for each in tagged.properties["Tags"] if each["Key"] == key_maker.PURPOSE]
    assert policies.names.short(policies.names.of(tagged)) == policies.names.short(
        f"arn:aws:kms:::key/{tag['Value']}"
    )


def test_a_key_opens_to_the_policies_of_its_account(policies: Policies) -> None:
    """Beyond `kms:*` of the account, by which IAM policies count, each statement has a reason."""
    names = policies.names
    beyond = {
        (grant.who, names.short(grant.on), grant.when)
        for grant in policies.of_resources
        if ":kms:" in grant.on and (grant.who, grant.action, grant.when) != (ACCOUNT, "kms:*", "")
    }
    assert beyond == {
        # CDK's: whom IAM lets read the secret, it lets use its key. The account's line has it all.
        (ACCOUNT, "key/payments-data", "StringEquals kms:ViaService secretsmanager.amazonaws.com"),
    }


def test_no_resource_lets_anyone_in(policies: Policies) -> None:
    strangers = [
        grant
        for grant in policies.of_resources
        if grant.allows
        and (grant.who == ANYONE or not grant.who.endswith((".amazonaws.com", ACCOUNT)))
    ]
    assert lines(strangers) == []


def test_each_role_is_taken_by_the_service_that_acts_by_it(policies: Policies) -> None:
    takers = {"gateway": "apigateway.amazonaws.com", "machine": "states.amazonaws.com"}
    wrong = [
        grant
        for grant in policies.of_trust
        if (grant.who, grant.action)
        != (
            takers.get(policies.holder(grant.on).partition("/")[0], "lambda.amazonaws.com"),
            "sts:AssumeRole",
        )
    ]
    assert lines(wrong) == []


def test_each_role_belongs_to_something(policies: Policies) -> None:
    """Else it is a door that nobody watches, or a right for somebody whom we do not know."""
    assert [
        f"{policies.holder(grant.on)}, in {grant.where}"
        for grant in policies.of_trust
        if policies.holder(grant.on).startswith("role ")
    ] == []
    assert lines([grant for grant in policies.of_roles if grant.who.startswith("role ")]) == []
