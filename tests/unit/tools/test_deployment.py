"""The way onto an AWS account, run as `make` runs it, with a CDK that only says what it was asked.

Where an account is asked, it is a fake or moto's.
"""

import json
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID

from infra.stages import PROD, STAGING, Stage
from tools.access.templates import Assembly
from tools.deployment import __main__ as command
from tools.deployment.account import AwsAccount, Concurrency
from tools.deployment.binding import bind
from tools.deployment.errors import Refused
from tools.deployment.preflight import objections

MINE, FOREIGN = "111122223333", "999988887777"
RESERVING = {"cartwright-prod-orders-steps": 80, "cartwright-prod-identity-authorizer": 100}
# What it was asked goes to a file; a synth leaves the assembly that the test has put aside.
CDK = """#!{python}
import json, pathlib, shutil, sys
root = pathlib.Path(__file__).parents[2]
with (root / "asked").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if sys.argv[1] == "synth":
    output = [a.partition("=")[2] for a in sys.argv if a.startswith("--output=")][0]
    shutil.copytree(root / "assembly", output, dirs_exist_ok=True)
sys.exit(int((root / "ends").read_text()) if (root / "ends").exists() else 0)
"""


WRITES = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}
NO_KEYS = {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}


@dataclass
class FakeAccount:
    """An account in which all is well, but for what a test changes."""

    account: str = MINE
    role: str = f"arn:aws:iam::{MINE}:role/cartwright-api-logs-eu-central-1"
    told_by: Sequence[str] = ("an-organization's",)
    stacks: Mapping[str, str] = field(default_factory=dict)
    limits: Concurrency = field(default_factory=lambda: Concurrency(quota=1000, unreserved=1000))
    has: Mapping[str, int] = field(default_factory=dict)
    domains: Sequence[str] = ("example.com",)
    in_sandbox: bool = False
    muted: list[str] = field(default_factory=list)
    sounded: list[str] = field(default_factory=list)

    def id(self) -> str:
        return self.account

    def api_logs_role(self) -> str:
        return self.role

    def trails(self) -> Sequence[str]:
        return self.told_by

    def statuses(self, prefix: str) -> Mapping[str, str]:
        return {name: status for name, status in self.stacks.items() if name.startswith(prefix)}

    def concurrency(self) -> Concurrency:
        return self.limits

    def reserved(self, function: str) -> int:
        return self.has.get(function, 0)

    def has_proved(self, mail_domain: str) -> bool:
        return mail_domain in self.domains

    def mails_everybody(self) -> bool:
        return not self.in_sandbox

    def mute(self, prefix: str) -> None:
        self.muted.append(prefix)

    def sound(self, prefix: str) -> None:
        self.sounded.append(prefix)


TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with a CDK, and an assembly whose functions reserve 180."""
    cdk = tmp_path / "node_modules" / ".bin" / "cdk"
    cdk.parent.mkdir(parents=True)
    cdk.write_text(CDK.format(python=sys.executable))
    cdk.chmod(cdk.stat().st_mode | stat.S_IXUSR)
    folder = tmp_path / "assembly"
    folder.mkdir()
    functions = {
        f"F{number}": {
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": name, "ReservedConcurrentExecutions": reserved},
        }
        for number, (name, reserved) in enumerate(RESERVING.items())
    }
    sender = {"Variables": {"MAIL_FROM": "shop@example.com"}}
    functions["Mail"] = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": sender}}
    (folder / "orders.template.json").write_text(json.dumps({"Resources": functions}))
    artifact = {
        "environment": f"aws://{MINE}/eu-central-1",
        "properties": {"stackName": "cartwright-prod-orders"},
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"orders": artifact}}))
    return tmp_path


def asked(root: Path) -> list[list[str]]:
    """The command lines of the CDK so far."""
    file = root / "asked"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def said(root: Path) -> Any:
    return json.loads((root / "cdk.context.json").read_text())


def objected(root: Path, account: FakeAccount, stage: Stage = PROD) -> list[str]:
    found = objections(Assembly(root / "assembly"), stage=stage, bound=MINE, account=account)
    return list(found)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MOTO_ACCOUNT_ID", DEFAULT_ACCOUNT_ID)
    with mock_aws():
        yield


def test_bootstrap_names_account_and_region_and_binds_the_stage(root: Path, aws: None) -> None:
    """With the environment spelled out the CDK does not run the app, which may not be built yet."""
    arguments = ["bootstrap", "--stage", "prod", "--account", MINE, "--", "--trust", FOREIGN]
    assert command.main(arguments, root=root) == 0
    first, second = asked(root)
    assert first[:2] == ["bootstrap", f"aws://{MINE}/eu-central-1"]
    assert first[-2:] == ["--trust", FOREIGN]
    assert second[:2] == ["deploy", "account"]
    assert f"--app={sys.executable} -m infra.account {MINE} eu-central-1 --trail" in second
    assert said(root) == {"stages": {"prod": {"account": MINE}}}


def let_write_logs(role: str) -> None:
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    client = boto3.client("apigateway", region_name=PROD.region)
    client.update_account(patchOperations=[patch])


def make_trail(name: str, selector: Mapping[str, Any], *, advanced: bool = False) -> None:
    boto3.client("s3", region_name=PROD.region).create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    client: Any = boto3.client("cloudtrail", region_name=PROD.region)
    client.create_trail(Name=name, S3BucketName=name)
    kind = "AdvancedEventSelectors" if advanced else "EventSelectors"
    client.put_event_selectors(TrailName=name, **{kind: [selector]})
    client.start_logging(Name=name)


def test_bootstrap_leaves_what_it_made_before(root: Path, aws: None) -> None:
    let_write_logs(FakeAccount.role)
    make_trail("cartwright-eu-central-1", WRITES)
    assert command.main(["bootstrap", "--stage", "prod", "--account", MINE], root=root) == 0
    assert [line[0] for line in asked(root)] == ["bootstrap"]


@pytest.mark.parametrize(
    ("stage", "trail", "makes"),
    [
        ("prod", "", True),
        ("prod", "theirs", False),  # a second one would not be free
        ("prod", "cartwright-eu-central-1", True),  # else the stack would give it away
        ("dev", "", False),
        ("dev", "cartwright-eu-central-1", True),
    ],
)
def test_bootstrap_makes_a_trail_where_a_stage_listens_and_none_tells(
    root: Path, aws: None, *, stage: str, trail: str, makes: bool
) -> None:
    if trail:
        make_trail(trail, WRITES)
    assert command.main(["bootstrap", "--stage", stage, "--account", MINE], root=root) == 0
    (app,) = [part for part in asked(root)[1] if part.startswith("--app=")]
    assert app.endswith(" --trail") is makes


def test_a_role_that_is_not_ours_gives_way_and_is_named(
    root: Path, aws: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it may do is not known; API Gateway drops what it may not write, and says nothing."""
    let_write_logs("arn:aws:iam::1:role/x")
    assert command.main(["bootstrap", "--stage", "prod", "--account", MINE], root=root) == 0
    assert [line[0] for line in asked(root)] == ["bootstrap", "deploy"]
    assert "by arn:aws:iam::1:role/x. From now on" in capsys.readouterr().out


@pytest.mark.parametrize(
    "role",
    [
        "",
        "arn:aws:iam::1:role/x",
        FakeAccount.role.replace(MINE, FOREIGN),
        FakeAccount.role.replace("eu-central-1", "us-east-1"),
    ],
)
def test_only_the_role_that_we_made_writes_our_logs(root: Path, role: str) -> None:
    (found,) = objected(root, FakeAccount(role=role))
    assert found.startswith("API Gateway has not the role")


@pytest.mark.parametrize(
    ("selector", "advanced", "tells"),
    [
        (WRITES, False, True),
        ({**WRITES, "ReadWriteType": "All"}, False, True),
        ({**WRITES, "ReadWriteType": "ReadOnly"}, False, False),
        ({**WRITES, "IncludeManagementEvents": False}, False, False),
        ({**WRITES, "ExcludeManagementEventSources": ["kms.amazonaws.com"]}, False, False),
        ({"FieldSelectors": [MANAGEMENT]}, True, True),
        ({"FieldSelectors": [MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}]}, True, False),
        ({"FieldSelectors": [MANAGEMENT, NO_KEYS]}, True, False),
        ({"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}, True, False),
    ],
)
def test_a_trail_tells_what_is_done_to_keys_if_it_logs_changes_of_all_services(
    aws: None, *, selector: Mapping[str, Any], advanced: bool, tells: bool
) -> None:
    make_trail("a-trail", selector, advanced=advanced)
    there = AwsAccount(PROD.region)
    assert there.trails() == (["a-trail"] if tells else [])
    boto3.client("cloudtrail", region_name=PROD.region).stop_logging(Name="a-trail")
    assert there.trails() == []


def test_a_stage_that_listens_for_keys_needs_a_trail(root: Path) -> None:
    nobody = FakeAccount(told_by=())
    (found,) = objected(root, nobody)
    assert found == (
        "No trail of CloudTrail tells in eu-central-1 what is done to keys: "
        f"make bootstrap STAGE=prod ACCOUNT={MINE}."
    )
    assert objected(root, nobody, STAGING) == []


def test_a_stage_that_sends_mail_needs_a_domain_that_is_proved(root: Path) -> None:
    (found,) = objected(root, FakeAccount(domains=()))
    assert found == "SES has not proved example.com in eu-central-1 (docs/runbook.md, mail)."


def test_customers_get_mail_only_outside_the_sandbox(root: Path) -> None:
    (found,) = objected(root, FakeAccount(in_sandbox=True))
    assert found == (
        "SES is in its sandbox in eu-central-1: no customer gets a mail (docs/runbook.md)."
    )
    assert objected(root, FakeAccount(in_sandbox=True), STAGING) == []


def test_a_domain_is_proved_when_ses_sends_for_it(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = AwsAccount(PROD.region)
    assert not there.has_proved("example.com")
    client = boto3.client("sesv2", region_name=PROD.region)
    client.create_email_identity(EmailIdentity="example.com")
    assert not there.has_proved("example.com")  # Its records are not in the DNS yet.
    monkeypatch.setattr(there, "_client", lambda _: client)
    with Stubber(client) as stub:
        stub.add_response("get_email_identity", {"VerifiedForSendingStatus": True})
        assert there.has_proved("example.com")
        stub.add_response("get_account", {"ProductionAccessEnabled": False})
        assert not there.mails_everybody()


def test_what_is_said_of_a_stage_stays_when_it_is_bound_again(root: Path) -> None:
    held = {"stages": {"dev": {"account": FOREIGN}, "prod": {"account": MINE, "domain": "a.com"}}}
    (root / "cdk.context.json").write_text(json.dumps(held))
    bind(PROD, MINE, root)
    assert said(root) == held


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["deploy", "--stage", ""], "Name the stage"),
        (["deploy", "--stage", "local"], "There is no stage 'local' in AWS"),
        (["deploy", "--stage", "production"], "There is no stage 'production'"),
        (["deploy", "--stage", "prod"], "make bootstrap STAGE=prod ACCOUNT="),
        (["bootstrap", "--stage", "prod", "--account", ""], "12 digits"),
        (["bootstrap", "--stage", "prod", "--account", "000000000000"], "12 digits"),
        (["bootstrap", "--stage", "staging", "--account", MINE], f"bound to the account {FOREIGN}"),
        (["discard", "--stage", "prod", "--stack", "orders"], "make bootstrap STAGE=prod"),
        (["destroy", "--stage", "prod"], "is protected"),
    ],
)
def test_what_is_in_doubt_is_refused_before_anything_runs(
    root: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    bind(STAGING, FOREIGN, root)
    before = said(root)
    assert command.main(arguments, root=root) == 1
    assert sentence in capsys.readouterr().err
    assert asked(root) == []
    assert said(root) == before


def test_what_is_deployed_is_what_was_looked_at(root: Path) -> None:
    bind(PROD, MINE, root)
    flags = ["--require-approval", "never"]
    account = FakeAccount()
    command.deploy("prod", flags, root=root, account=account)
    assert account.sounded == ["cartwright-prod-"], "what a destroy that was cut short has muted"
    synth, deploy = asked(root)
    assert synth[:4] == ["synth", "--quiet", "-c", "stage=prod"]
    output = root / "cdk.out" / "prod"
    assert f"--output={output}" in synth
    assert deploy[:3] == ["deploy", "--all", f"--app={output}"]
    assert deploy[-2:] == flags


def test_nothing_is_deployed_where_something_stands_against_it(root: Path) -> None:
    bind(PROD, MINE, root)
    with pytest.raises(Refused, match=f"credentials are of {FOREIGN}; .* bound to {MINE}"):
        command.deploy("prod", [], root=root, account=FakeAccount(account=FOREIGN))
    assert [line[0] for line in asked(root)] == ["synth"]


def test_nothing_is_deployed_that_does_not_synthesize(root: Path) -> None:
    bind(PROD, MINE, root)
    (root / "ends").write_text("1")
    with pytest.raises(Refused, match="cdk synth ended with 1"):
        command.deploy("prod", [], root=root, account=FakeAccount())
    assert [line[0] for line in asked(root)] == ["synth"]


def test_all_is_said_at_once(root: Path) -> None:
    found = objected(
        root,
        FakeAccount(
            role="",
            limits=Concurrency(quota=10, unreserved=10),
            stacks={
                "cartwright-prod-orders": "ROLLBACK_FAILED",
                "cartwright-prod-payments": "UPDATE_ROLLBACK_FAILED",
                "cartwright-prod-ledger": "CREATE_FAILED",
                "cartwright-prod-edge": "UPDATE_IN_PROGRESS",
                "cartwright-prod-catalog": "UPDATE_ROLLBACK_COMPLETE",
                "cartwright-prod-identity": "REVIEW_IN_PROGRESS",
                "cartwright-prod-inventory": "DELETE_FAILED",
                "cartwright-staging-orders": "ROLLBACK_COMPLETE",
            },
        ),
    )
    assert [sentence.partition(": ")[2] for sentence in found[:6]] == [
        f"make bootstrap STAGE=prod ACCOUNT={MINE}.",
        "wait until that is over.",
        "make discard STAGE=prod STACK=inventory.",
        "aws cloudformation rollback-stack --stack-name cartwright-prod-ledger.",
        "make discard STAGE=prod STACK=orders.",
        "aws cloudformation continue-update-rollback --stack-name cartwright-prod-payments.",
    ]
    assert "reserve 180" in found[6]
    assert "ask AWS for 1000 or more" in found[6]
    assert len(found) == 7


@pytest.mark.parametrize(
    ("quota", "unreserved", "own", "fits"),
    [
        (280, 280, {}, True),
        (279, 279, {}, False),
        (280, 100, RESERVING, True),  # deployed before: what is its own is free for it
        (1000, 279, {}, False),  # another stage has the rest
        (1000, 1000, {}, True),
    ],
)
def test_functions_can_reserve_what_they_ask_for_and_leave_100(
    root: Path, quota: int, unreserved: int, own: Mapping[str, int], *, fits: bool
) -> None:
    limits = Concurrency(quota=quota, unreserved=unreserved)
    assert (objected(root, FakeAccount(limits=limits, has=own), STAGING) == []) is fits


@pytest.mark.parametrize(
    ("stage", "quota", "fits"), [(PROD, 999, False), (PROD, 1000, True), (STAGING, 999, True)]
)
def test_an_alarm_on_a_share_of_the_quota_can_ring(
    root: Path, stage: Stage, quota: int, *, fits: bool
) -> None:
    """What it counts on is there; only one stage of an account has it."""
    limits = Concurrency(quota=quota, unreserved=quota)
    found = objected(root, FakeAccount(limits=limits), stage)
    assert (found == []) is fits
    assert all("ask AWS for 1000 or more" in sentence for sentence in found)


def test_the_account_is_asked_in_the_stages_region(aws: None) -> None:
    there = AwsAccount(PROD.region)
    boto3.client("cloudformation", region_name=PROD.region).create_stack(
        StackName="cartwright-prod-x", TemplateBody=json.dumps(TOPIC)
    )
    assert there.id() == DEFAULT_ACCOUNT_ID
    assert there.api_logs_role() == ""
    assert there.statuses("cartwright-prod-") == {"cartwright-prod-x": "CREATE_COMPLETE"}
    assert there.statuses("cartwright-dev-") == {}
    assert there.reserved("no-such-function") == 0
