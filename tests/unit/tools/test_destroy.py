"""A stage goes by its name, typed once more, and wakes nobody up; production does not go at all."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.stages import PROD, STAGING
from tests.support.deployments import FOREIGN, MINE, FakeAccount
from tools.access.templates import Assembly
from tools.deployment import cdk
from tools.deployment.account import AwsAccount
from tools.deployment.binding import bind
from tools.deployment.destroy import destroy, what_stays
from tools.deployment.errors import Refused

TEMPLATE = {
    "Resources": {
        "Layer": {"Type": "AWS::Lambda::LayerVersion", "DeletionPolicy": "Retain"},
        "Table": {"Type": "AWS::DynamoDB::GlobalTable", "DeletionPolicy": "Delete"},
        "Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Delete"},
        "Topic": {"Type": "AWS::SNS::Topic"},
    }
}


@pytest.fixture
def account() -> FakeAccount:
    return FakeAccount()


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch, account: FakeAccount, tmp_path: Path) -> list[str]:
    """What the CDK was asked for, and whether the alarms were muted then."""
    found: list[str] = []

    def run(root: Path, *arguments: str, flags: object = ()) -> None:
        found.append(f"{arguments[0]}{' muted' if account.muted else ''}")
        output = root / "cdk.out" / "staging"
        output.mkdir(parents=True, exist_ok=True)
        artifact = {
            "environment": "aws://1/x",
            "properties": {"stackName": "cartwright-staging-orders"},
        }
        (output / "manifest.json").write_text(json.dumps({"artifacts": {"orders": artifact}}))
        (output / "orders.template.json").write_text(json.dumps(TEMPLATE))

    monkeypatch.setattr(cdk, "run", run)
    bind(STAGING, MINE, tmp_path)
    return found


def test_a_stage_that_is_confirmed_goes_and_its_alarms_are_muted_before(
    tmp_path: Path, account: FakeAccount, done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    destroy(STAGING, "staging", root=tmp_path, account=account)
    assert done == ["synth", "destroy muted"]
    assert account.muted == ["cartwright-staging-"]
    said = capsys.readouterr().out
    assert "LayerVersion" in said
    assert "keys, which cost nothing, for 30 days" in said
    assert "cartwright-account" in said


def test_what_goes_is_not_said_to_stay(tmp_path: Path, done: list[str]) -> None:
    cdk.run(tmp_path, "synth")
    text = "".join(what_stays(Assembly(tmp_path / "cdk.out" / "staging"), STAGING))
    assert "GlobalTable" not in text
    assert "Topic" not in text


@pytest.mark.parametrize("confirmed", ["", "prod", "yes", "Staging"])
def test_what_is_not_confirmed_by_its_name_stays(
    tmp_path: Path, account: FakeAccount, done: list[str], confirmed: str
) -> None:
    with pytest.raises(Refused, match="CONFIRM=staging"):
        destroy(STAGING, confirmed, root=tmp_path, account=account)
    assert (done, account.muted) == ([], [])


@pytest.mark.parametrize(("typed", "goes"), [("no", False), ("staging", True)])
def test_the_name_is_asked_for_at_a_terminal(
    tmp_path: Path,
    account: FakeAccount,
    done: list[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    typed: str,
    goes: bool,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: typed)
    with contextlib.nullcontext() if goes else pytest.raises(Refused):
        destroy(STAGING, "", root=tmp_path, account=account)
    assert ("destroy muted" in done) is goes


@pytest.mark.parametrize(
    ("stage", "whose", "sentence"),
    [(PROD, MINE, "is protected"), (STAGING, FOREIGN, f"credentials are of {FOREIGN}")],
)
def test_production_and_other_accounts_are_refused_whatever_is_confirmed(
    tmp_path: Path, done: list[str], stage: Any, whose: str, sentence: str
) -> None:
    account = FakeAccount(account=whose)
    with pytest.raises(Refused, match=sentence):
        destroy(stage, stage.name, root=tmp_path, account=account)
    assert (done, account.muted) == ([], [])


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def test_alarms_and_rules_of_a_muted_stage_tell_nobody_and_others_do(aws: None) -> None:
    alarms: Any = boto3.client("cloudwatch", region_name=STAGING.region)
    rules: Any = boto3.client("events", region_name=STAGING.region)
    topic = f"arn:aws:sns:eu-central-1:{MINE}:cartwright-staging-pages"
    queue = f"arn:aws:sqs:eu-central-1:{MINE}:cartwright-staging-orders"
    rules.create_event_bus(Name="cartwright-staging-events")
    for stage in ("staging", "prod"):
        alarms.put_metric_alarm(
            AlarmName=f"cartwright-{stage}-api-errors", MetricName="m", Namespace="n", Period=60,
            Statistic="Sum", EvaluationPeriods=1, Threshold=1, AlarmActions=[topic],
            ComparisonOperator="GreaterThanThreshold",
        )  # fmt: skip
    for name, target in (("staging-tell", topic), ("staging-queue", queue), ("prod-tell", topic)):
        given = {"EventBusName": "cartwright-staging-events"}
        rules.put_rule(Name=f"cartwright-{name}", EventPattern="{}", **given)
        rules.put_targets(Rule=f"cartwright-{name}", Targets=[{"Id": "1", "Arn": target}], **given)

    def telling() -> set[str]:
        found = rules.list_rules(EventBusName="cartwright-staging-events")["Rules"]
        return {each["Name"] for each in found if each["State"] == "ENABLED"} | {
            each["AlarmName"]
            for each in alarms.describe_alarms()["MetricAlarms"]
            if each["ActionsEnabled"]
        }

    everything, there = telling(), AwsAccount(STAGING.region)
    there.mute("cartwright-staging-")
    assert everything - telling() == {"cartwright-staging-tell", "cartwright-staging-api-errors"}
    there.sound("cartwright-staging-")
    assert telling() == everything
