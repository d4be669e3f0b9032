"""An account is prepared once, and a stage bound to it. The CDK only says what it was asked."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.stages import PROD
from tests.support.deployments import FOREIGN, MINE, FakeAccount, asked, objected, said
from tools.deployment import __main__ as command
from tools.deployment.account import AwsAccount
from tools.deployment.binding import bind

WRITES = {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}
NO_KEYS = {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}


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


def test_what_is_said_of_a_stage_stays_when_it_is_bound_again(root: Path) -> None:
    held = {"stages": {"dev": {"account": FOREIGN}, "prod": {"account": MINE, "domain": "a.com"}}}
    (root / "cdk.context.json").write_text(json.dumps(held))
    bind(PROD, MINE, root)
    assert said(root) == held
