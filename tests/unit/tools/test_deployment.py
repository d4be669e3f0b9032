"""The way onto an AWS account, run as `make` runs it, with a CDK that only says what it was asked.

Where an account is asked, it is a fake or moto's.
"""

import json
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID

from infra.stages import PROD, STAGING
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


@dataclass
class FakeAccount:
    """An account in which all is well, but for what a test changes."""

    account: str = MINE
    logs: bool = True
    stacks: Mapping[str, str] = field(default_factory=dict)
    limits: Concurrency = field(default_factory=lambda: Concurrency(quota=1000, unreserved=1000))
    has: Mapping[str, int] = field(default_factory=dict)

    def id(self) -> str:
        return self.account

    def writes_api_logs(self) -> bool:
        return self.logs

    def statuses(self, prefix: str) -> Mapping[str, str]:
        return {name: status for name, status in self.stacks.items() if name.startswith(prefix)}

    def concurrency(self) -> Concurrency:
        return self.limits

    def reserved(self, function: str) -> int:
        return self.has.get(function, 0)


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


def objected(root: Path, account: FakeAccount) -> list[str]:
    found = objections(Assembly(root / "assembly"), stage=PROD, bound=MINE, account=account)
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
    assert f"--app={sys.executable} -m infra.account {MINE} eu-central-1" in second
    assert said(root) == {"stages": {"prod": {"account": MINE}}}


def test_bootstrap_leaves_a_role_that_the_account_has(root: Path, aws: None) -> None:
    """Others may live there: it is theirs, too."""
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/x"}
    client = boto3.client("apigateway", region_name=PROD.region)
    client.update_account(patchOperations=[patch])
    assert command.main(["bootstrap", "--stage", "prod", "--account", MINE], root=root) == 0
    assert [line[0] for line in asked(root)] == ["bootstrap"]


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
    command.deploy("prod", flags, root=root, account=FakeAccount())
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
            logs=False,
            limits=Concurrency(quota=10, unreserved=10),
            stacks={
                "cartwright-prod-orders": "ROLLBACK_FAILED",
                "cartwright-prod-payments": "UPDATE_ROLLBACK_FAILED",
                "cartwright-prod-ledger": "CREATE_FAILED",
                "cartwright-prod-edge": "UPDATE_IN_PROGRESS",
                "cartwright-prod-catalog": "UPDATE_ROLLBACK_COMPLETE",
                "cartwright-prod-identity": "REVIEW_IN_PROGRESS",
                "cartwright-staging-orders": "ROLLBACK_COMPLETE",
            },
        ),
    )
    assert [sentence.partition(": ")[2] for sentence in found[:5]] == [
        f"make bootstrap STAGE=prod ACCOUNT={MINE}.",
        "wait until that is over.",
        "aws cloudformation rollback-stack --stack-name cartwright-prod-ledger.",
        "make discard STAGE=prod STACK=orders.",
        "aws cloudformation continue-update-rollback --stack-name cartwright-prod-payments.",
    ]
    assert "reserve 180" in found[5]
    assert "ask for 280 or more" in found[5]
    assert len(found) == 6


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
    assert (objected(root, FakeAccount(limits=limits, has=own)) == []) is fits


def test_the_account_is_asked_in_the_stages_region(aws: None) -> None:
    there = AwsAccount(PROD.region)
    boto3.client("cloudformation", region_name=PROD.region).create_stack(
        StackName="cartwright-prod-x", TemplateBody=json.dumps(TOPIC)
    )
    assert there.id() == DEFAULT_ACCOUNT_ID
    assert there.writes_api_logs() is False
    assert there.statuses("cartwright-prod-") == {"cartwright-prod-x": "CREATE_COMPLETE"}
    assert there.statuses("cartwright-dev-") == {}
    assert there.reserved("no-such-function") == 0
