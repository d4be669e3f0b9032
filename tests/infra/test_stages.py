"""What differs between stages, and what must not."""

import ast
import json
from pathlib import Path

import pytest

from infra.project import ROOT
from infra.stages import DEV, LOCAL, NO_ACCOUNT, PROD, STAGING, chosen, stage_named
from shop.deploy import discover
from tools import quotas
from tools.access.templates import Assembly, Resource

# What the emulator cannot create, of all that we use; see `firewall`.
AWS_ONLY = {"AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation"}
# An emulator sends no mail, and makes no metrics of log lines; see `alarms_need_address`.
AWS_ONLY |= {"AWS::SNS::Subscription", "AWS::Logs::MetricFilter"}
# Functions on this machine read the layers where they were built; see `linked_layers`.
LAYERS = {"AWS::Lambda::LayerVersion"}
# A laptop has an address and needs no name.
DOMAIN = {
    "AWS::ApiGateway::BasePathMapping",
    "AWS::ApiGateway::DomainName",
    "AWS::Route53::RecordSet",
}
# Only there because nobody owns an emulator's domain; see `proves_mail_domain`.
MAIL = {"AWS::SES::EmailIdentity"}
# Only there because the emulator speaks plain HTTP; see `enforce_tls`.
POLICIES = {"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"}


def types(stage: Assembly) -> set[str]:
    return {resource.type for resource in stage}


def kind_of(function: Resource) -> str:
    """The folder or file of the service that its handler is in."""
    return str(function.properties["Handler"]).split(".")[1]


def test_local_differs_from_production_only_in_what_the_emulator_lacks(
    local: Assembly, prod: Assembly
) -> None:
    assert types(prod) - types(local) - POLICIES == AWS_ONLY | LAYERS | DOMAIN
    assert types(local) - MAIL <= types(prod)


def test_an_emulator_that_cannot_link_layers_gets_them_as_aws_does(unlinked: Assembly) -> None:
    assert types(unlinked) >= LAYERS


def test_the_local_pools_bound_what_one_burst_may_start(local: Assembly, prod: Assembly) -> None:
    def reserved(stage: Assembly) -> set[tuple[str, int]]:
        return {
            (kind_of(made), made.properties["ReservedConcurrentExecutions"])
            for made in stage.all("AWS::Lambda::Function")
            if "ReservedConcurrentExecutions" in made.properties
        }

    assert reserved(local) == {("api", LOCAL.pools.route), ("authorizer", LOCAL.pools.authorizer)}
    assert reserved(prod) == {
        ("authorizer", PROD.pools.authorizer),
        ("steps", PROD.pools.steps),
        ("steps", 4),  # of erasures, for which nobody waits
        ("schedules", PROD.pools.job),
        ("streams", PROD.pools.stream),
    }


def test_the_stacks_are_the_same(local: Assembly, prod: Assembly) -> None:
    assert set(local.templates) == set(prod.templates)


def test_where_people_try_things_differs_in_what_it_costs_to_leave_it_alone(
    dev: Assembly, prod: Assembly
) -> None:
    assert types(prod) - types(dev) - DOMAIN == {
        "AWS::CloudWatch::Alarm",
        "AWS::Logs::MetricFilter",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::WAFv2::WebACL",
        "AWS::WAFv2::WebACLAssociation",
    }
    assert types(dev) <= types(prod)
    # One that signs, one for MACs, one for the keys of users; tables and the secret have AWS's own.
    usages = sorted(key.properties["KeyUsage"] for key in dev.all("AWS::KMS::Key"))
    assert usages == ["ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "SIGN_VERIFY"]


def test_no_stack_needs_a_value_of_another(
    assemblies: dict[str, Assembly], local: Assembly
) -> None:
    """They know each other by names, and by parameters where AWS gives the name: what is exported
    and in use can neither change nor go."""
    for stage in (*assemblies.values(), local):
        for name, template in stage.templates.items():
            assert "Fn::ImportValue" not in json.dumps(template), name
            assert "Fn::GetStackOutput" not in json.dumps(template), name
            assert [o for o in template.get("Outputs", {}).values() if "Export" in o] == [], name


def test_production_refuses_plain_http(prod: Assembly) -> None:
    queues = len(prod.all("AWS::SQS::Queue"))
    policies = [json.dumps(policy.properties) for policy in prod.all("AWS::SQS::QueuePolicy")]
    assert sum('"aws:SecureTransport": "false"' in policy for policy in policies) == queues


def test_an_assembly_for_aws_holds_its_assets(synthesized: Path) -> None:
    """It can be built in one place and deployed from another, and a build between the two changes
    nothing in it."""
    for stage in ("dev", "staging", "prod"):
        files = sorted((synthesized / stage).glob("*.assets.json"))
        assert files
        for file in files:
            for asset in json.loads(file.read_text())["files"].values():
                assert not Path(asset["source"]["path"]).is_absolute(), file
                assert (file.parent / asset["source"]["path"]).exists(), file


def test_the_policy_checks_find_a_careless_stack(synthesized: Path) -> None:
    report = json.loads((synthesized / "careless.json").read_text())
    found = {
        violation["ruleName"]
        for plugin in report["pluginReports"]
        for violation in plugin["violations"]
    }
    assert found == {"AwsSolutions-SQS4"}


def test_what_goes_to_aws_is_validated_and_a_laptop_does_not_wait_for_it(synthesized: Path) -> None:
    assert (synthesized / "prod" / "validation-report.json").exists()
    assert not (synthesized / "local" / "validation-report.json").exists()


def test_nothing_but_stages_py_compares_a_stage_name() -> None:
    for path in sorted((ROOT / "infra").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and path.name != "stages.py":
                compared = [ast.unparse(part) for part in (node.left, *node.comparators)]
                assert not any(text.endswith("stage.name") for text in compared), path


def test_the_lock_of_the_command_line_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert "node_modules/aws-cdk" in packages
    for each in packages.values():
        each.pop("funding", None)  # where its authors take money
    assert "://" not in json.dumps(packages)


@pytest.mark.parametrize(
    ("by_context", "by_environment", "sentence"),
    [
        (None, None, "Name the stage: -c stage=dev."),
        ("", "", "Name the stage"),
        ("dev", "prod", "-c stage=dev and STAGE=prod differ"),
    ],
)
def test_no_stage_is_taken_for_granted(
    by_context: str | None, by_environment: str | None, sentence: str
) -> None:
    with pytest.raises(SystemExit, match=sentence):
        chosen(by_context, by_environment)
    assert chosen("dev", None) == chosen(None, "dev") == chosen("dev", "dev") == "dev"


def test_a_wrong_stage_is_named_in_a_sentence() -> None:
    with pytest.raises(SystemExit, match="There is no stage 'production'"):
        stage_named("production", port=1, psp_port=2)


def test_the_local_stage_listens_where_it_is_told() -> None:
    stage = stage_named("local", port=4700, psp_port=5700)
    assert stage.public_url == "http://127.0.0.1:4700/_aws/execute-api/cartwright/local"
    assert stage.psp_base_url == "http://127.0.0.1:5700"
    assert stage_named("prod", port=4700, psp_port=5700) == PROD
    assert (LOCAL.public_url or "").startswith("http://127.0.0.1:4566/")


def test_the_pools_of_a_stage_leave_the_rest_of_its_quota_to_routes_and_queues(
    assemblies: dict[str, Assembly],
) -> None:
    """What is reserved, what queues may take, and the requests of the stage's rate."""
    for stage in (DEV, STAGING, PROD):
        assert quotas.concurrency(assemblies[stage.name], stage) <= stage.account_concurrency, (
            stage.name
        )


def test_the_relay_keeps_up_with_every_shard_of_every_table(prod: Assembly) -> None:
    """A table on demand begins with four shards."""
    mappings = [
        mapping.properties
        for mapping in prod.all("AWS::Lambda::EventSourceMapping")
        if "ParallelizationFactor" in mapping.properties
    ]
    batches = sum(4 * mapping["ParallelizationFactor"] for mapping in mappings)
    assert len(mappings) == len(discover().publishing)
    assert PROD.pools.stream is not None
    assert PROD.pools.stream >= batches


def test_a_stage_that_is_bound_to_no_account_says_so(synthesized: Path) -> None:
    """It deploys nowhere: its account is nobody's."""
    stacks = json.loads((synthesized / "unbound" / "manifest.json").read_text())["artifacts"]
    assert stacks["platform"]["environment"] == f"aws://{NO_ACCOUNT}/{PROD.region}"
    assert "make bootstrap STAGE=prod ACCOUNT=" in everything(synthesized / "unbound")
    assert "make bootstrap" not in everything(synthesized / "prod")


def everything(assembly: Path) -> str:
    """What the assembly says besides its templates."""
    return "".join(
        file.read_text() for file in assembly.glob("*.json") if "template" not in file.name
    )
