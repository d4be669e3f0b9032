"""A checkout whose CDK only says what it was asked, and an account in which all is well."""

import json
import stat
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.stages import PROD, Stage
from tools.access.templates import Assembly
from tools.deployment.account import Concurrency
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


def checkout(tmp_path: Path) -> Path:
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
