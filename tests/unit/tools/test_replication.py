"""The keys by which users are found and tokens signed go into a stage's second region and back."""

import json
from collections.abc import Iterator
from functools import partialmethod
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.kms.models import KmsBackend

from infra.settings import FILE
from infra.stages import STAGING
from tests.support.deployments import MINE, FakeAccount
from tools.access.templates import Assembly
from tools.deployment import __main__ as command
from tools.deployment import cdk
from tools.deployment.destroy import destroy
from tools.deployment.errors import Refused
from tools.deployment.replication import EVERY_S, LOOKS, Replication

HERE, THERE = "eu-central-1", "eu-west-1"
STACK = "cartwright-staging-identity"
TEMPLATE = {
    "Resources": {
        "Mac": {
            "Type": "AWS::KMS::Key",
            "Properties": {"MultiRegion": True, "KeyPolicy": "{}"},
        },
        "Data": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": "{}"}},
    }
}


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def kms(region: str) -> Any:
    return boto3.client("kms", region_name=region)


@pytest.fixture
def mac(aws: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of the one key of several regions, of a stack that is there."""
    # moto's CloudFormation makes keys of one region, whatever its template says.
    made = partialmethod(KmsBackend.create_key, multi_region=True)
    monkeypatch.setattr(KmsBackend, "create_key", made)
    stacks: Any = boto3.client("cloudformation", region_name=HERE)
    stacks.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    found = stacks.describe_stack_resource(StackName=STACK, LogicalResourceId="Mac")
    made_id: str = found["StackResourceDetail"]["PhysicalResourceId"]
    kms(HERE).create_alias(AliasName="alias/mac", TargetKeyId=made_id)
    return made_id


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(written(tmp_path))


def written(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    artifact = {"environment": f"aws://{MINE}/{HERE}", "properties": {"stackName": STACK}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"identity": artifact}}))
    (folder / "identity.template.json").write_text(json.dumps(TEMPLATE))
    return folder


def replication(assembly: Assembly, **options: Any) -> Replication:
    return Replication(assembly, region=HERE, replica_region=THERE, **options)


def there(key_id: str) -> tuple[str, set[str]]:
    """The state of a replica and what it is called."""
    state = kms(THERE).describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]
    aliases = kms(THERE).list_aliases(KeyId=key_id)["Aliases"]
    return state, {alias["AliasName"] for alias in aliases}


def test_keys_of_several_regions_go_there_with_their_names_and_others_stay(
    mac: str, assembly: Assembly
) -> None:
    assert len(list(replication(assembly).replicate())) == 1
    assert there(mac) == ("Enabled", {"alias/mac"})
    assert [key["KeyId"] for key in kms(THERE).list_keys()["Keys"]] == [mac]


def test_what_was_there_is_left_and_what_was_interrupted_gone_on_with(
    mac: str, assembly: Assembly
) -> None:
    kms(HERE).replicate_key(KeyId=mac, ReplicaRegion=THERE)
    assert list(replication(assembly).replicate()) == []
    assert there(mac) == ("Enabled", {"alias/mac"})
    assert list(replication(assembly).replicate()) == []


def test_a_stack_that_is_not_there_has_no_keys(aws: None, assembly: Assembly) -> None:
    assert list(replication(assembly).replicate()) == []
    assert list(replication(assembly).take_back()) == []


def test_a_replica_is_taken_back_once_with_its_names(mac: str, assembly: Assembly) -> None:
    assert list(replication(assembly).take_back()) == []
    list(replication(assembly).replicate())
    [said] = replication(assembly).take_back()
    assert mac in said
    assert there(mac) == ("PendingDeletion", set())
    assert list(replication(assembly).take_back()) == []


def test_a_replica_that_was_taken_back_comes_back_with_the_next_deployment(
    mac: str, assembly: Assembly
) -> None:
    list(replication(assembly).replicate())
    list(replication(assembly).take_back())
    list(replication(assembly).replicate())
    assert there(mac)[0] == "Enabled"  # moto's copies of a key have their names in common.


def test_a_replica_that_is_not_made_in_time_is_refused_and_the_next_deployment_goes_on(
    mac: str, assembly: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    slow = replication(assembly, pause=waited.append)
    with monkeypatch.context() as creating:
        creating.setattr(Replication, "_state", lambda *_: "Creating")
        with pytest.raises(Refused, match="Deploy again"):
            list(slow.replicate())
    assert waited == [EVERY_S] * LOOKS
    list(slow.replicate())
    assert there(mac) == ("Enabled", {"alias/mac"})


@pytest.fixture
def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Staging with a second region, and what the CDK was asked for."""
    said = {"account": MINE, "pages_to": ["oncall@example.com"], "replica_region": THERE}
    (tmp_path / FILE).write_text(json.dumps({"stages": {"staging": said}}))
    found: list[list[str]] = []

    def run(root: Path, *arguments: str, flags: object = ()) -> None:
        found.append(list(arguments[:2]))
        written(root / "cdk.out" / "staging")

    monkeypatch.setattr(cdk, "run", run)
    return found


def test_a_deployment_replicates_and_a_destruction_takes_back_before_it_destroys(
    mac: str, tmp_path: Path, bound: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    command.deploy("staging", [], root=tmp_path, account=FakeAccount())
    assert there(mac) == ("Enabled", {"alias/mac"})
    states = []
    run = cdk.run

    def watched(root: Path, *arguments: str, flags: object = ()) -> None:
        states.append((arguments[0], there(mac)[0]))
        run(root, *arguments)

    monkeypatch.setattr(cdk, "run", watched)
    destroy(STAGING, "staging", root=tmp_path, account=FakeAccount())
    assert states == [("synth", "Enabled"), ("destroy", "PendingDeletion")]


def test_both_regions_are_bootstrapped(aws: None, tmp_path: Path, bound: list[list[str]]) -> None:
    assert command.main(["bootstrap", "--stage", "staging", "--account", MINE], root=tmp_path) == 0
    assert bound[:2] == [
        ["bootstrap", f"aws://{MINE}/{HERE}"],
        ["bootstrap", f"aws://{MINE}/{THERE}"],
    ]
