"""The API keeps to the limits of AWS, now and when it is several times as large; what changes in
it is deployed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.project import ROOT
from tests.infra.gateways import CODE_CHANGES, CONTRACT_CHANGES
from tests.infra.large import ROUTES, SERVICES
from tools import quotas
from tools.access.templates import Assembly

RESOURCES_PER_STACK = 500
POLICY_CHARACTERS = 10_240  # of all inline policies of a role
ARN_CHARACTERS = 110  # of a function: partition, region, account and a name of 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("gateways")
    command = [sys.executable, "-m", "tests.infra.gateways", "prod", str(made)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return made


@pytest.fixture(scope="module")
def large(folder: Path) -> Assembly:
    """The API of 150 routes of ten services."""
    return Assembly(folder / "large")


@pytest.fixture(scope="module")
def ids(folder: Path) -> dict[str, str]:
    """The deployment's logical id, after each change of what it deploys."""
    found: dict[str, str] = json.loads((folder / "ids.json").read_text())
    return found


def test_150_routes_of_ten_services_fit_into_their_stacks(large: Assembly) -> None:
    verbs = [_verb(method.properties) for method in large.all("AWS::ApiGateway::Method")]
    assert len([verb for verb in verbs if verb not in ("HEAD", "OPTIONS")]) == ROUTES
    sizes = {stack: len(template["Resources"]) for stack, template in large.templates.items()}
    assert len(sizes) == SERVICES + 2
    assert max(sizes.values()) < RESOURCES_PER_STACK, sizes


def _verb(properties: dict[str, Any]) -> str:
    return str(properties["HttpMethod"])


def test_a_role_that_invokes_fits_into_its_policy(large: Assembly) -> None:
    for role in large.all("AWS::IAM::Role"):
        for policy in role.properties["Policies"]:
            (statement,) = policy["PolicyDocument"]["Statement"]
            named = statement["Resource"]
            count = len(named) if isinstance(named, list) else 1
            assert count * ARN_CHARACTERS < POLICY_CHARACTERS, str(role)


def test_what_did_not_change_is_not_deployed_again(ids: dict[str, str]) -> None:
    assert ids["nothing"] == ids["nothing at all"]


@pytest.mark.parametrize("change", [*CONTRACT_CHANGES, *CODE_CHANGES])
def test_what_changed_is_deployed(ids: dict[str, str], change: str) -> None:
    """A deployment is a snapshot: what is not in a new one is not served."""
    assert ids[change] != ids["nothing"]
    assert [other for other, id_ in ids.items() if id_ == ids[change]] == [change]


@pytest.mark.parametrize("quota", quotas.QUOTAS, ids=lambda quota: quota.name)
def test_fixed_limits_hold_in_every_stage(
    quota: quotas.Quota, used: dict[str, dict[str, int]]
) -> None:
    for stage, count in used[quota.name].items():
        assert quota.adjustable or count <= quota.default, stage


def test_the_runbook_names_the_quotas_to_ask_for(used: dict[str, dict[str, int]]) -> None:
    runbook = quotas.FILE.read_text()
    wanted = quotas.written(runbook, quotas.table(used))
    assert runbook == wanted, "`make access` writes the table of docs/runbook.md"


@pytest.fixture(scope="module")
def used(assemblies: dict[str, Assembly]) -> dict[str, dict[str, int]]:
    return quotas.computed(assemblies)


def test_a_quota_that_an_account_may_lack_is_bold() -> None:
    (quota,) = (each for each in quotas.QUOTAS if each.name == "Concurrent executions")
    assert quotas.to_ask_for(quota, 100)
    assert not quotas.to_ask_for(quota, 10)
