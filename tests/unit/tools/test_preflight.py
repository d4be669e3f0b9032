"""What stands against a deployment, seen before it begins. Where an account is asked, it is a fake
or moto's."""

import json
from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from moto.core.models import DEFAULT_ACCOUNT_ID

from infra.stages import PROD, STAGING, Stage
from tests.support.deployments import MINE, RESERVING, FakeAccount, objected
from tools.deployment.account import AwsAccount, Concurrency

TOPIC = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


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
