"""Synthesizes what the tests of this folder read; runs as a process of its own, once per session.

    python -m tests.infra.synthesize FOLDER

Assets are stand-ins: what is in them is tested where they are built.
"""

import sys
from dataclasses import replace
from pathlib import Path

from tools.access.synthesis import ACCOUNT, app, as_deployed, stand_ins, synthesize  # isort: skip (sets up jsii)

from infra import account
from infra.application import build_replica
from infra.constructs.policy_checks import check_policies
from infra.project import Project
from infra.settings import configured
from infra.stacks.platform import PlatformStack
from infra.stacks.service import ServiceStack
from infra.stages import DEV, LOCAL, PROD, STAGING
from shop.deploy import Service

REPLICA_REGION = "eu-west-1"


def unlinked(*, files: Project, out: Path) -> None:
    """Layers as AWS has them, in the local stage: the stack that makes them and one that reads."""
    stage = replace(LOCAL, linked_layers=False)
    made = app(stage, out)
    PlatformStack(made, stage=stage, project=files)
    ServiceStack(made, stage=stage, project=files, service=_payments(files))
    made.synth()


def unbound(*, files: Project, out: Path) -> None:
    """A stack of a stage of which no operator has said anything."""
    stage = replace(configured(PROD, {}), policy_checks=False, alarms=False)
    made = app(stage, out)
    PlatformStack(made, stage=stage, project=files)
    made.synth()


def careless(*, files: Project, out: Path) -> str:
    """What the policy checks say about queues that take plain HTTP."""
    stage = replace(PROD, enforce_tls=False)
    made = app(stage, out)
    check_policies(made)
    ServiceStack(made, stage=stage, project=files, service=_payments(files))
    try:
        made.synth()
    except RuntimeError:
        return (out / "validation-report.json").read_text()
    return ""


def replicated(*, files: Project, out: Path) -> None:
    """What a second region adds to production: its own stack, and those with what is replicated."""
    stage = replace(as_deployed(PROD), replica_region=REPLICA_REGION)
    made = app(stage, out)
    check_policies(made)
    PlatformStack(made, stage=stage, project=files)
    service = files.platform().services["identity"]
    identity = ServiceStack(made, stage=stage, project=files, service=service)
    build_replica(made, stage=stage, project=files, services={"identity": identity})
    made.synth()


def _payments(files: Project) -> Service:
    return files.platform().services["payments"]


def main(folder: Path) -> None:
    """Write the stages, `unlinked/`, `unbound/`, `replicated/`, `account/`,
    `account-without-trail/` and `careless.json`.

    What cdk-nag says of staging it says of production, too.
    """
    files = stand_ins(folder)
    synthesize(LOCAL, files=files, out=folder / "local")
    for stage in (PROD, DEV, STAGING):
        bound = replace(as_deployed(stage), policy_checks=stage is not STAGING)
        synthesize(bound, files=files, out=folder / stage.name)
    for trail, name in ((True, "account"), (False, "account-without-trail")):
        account.app(ACCOUNT, PROD.region, trail=trail, out=str(folder / name)).synth()
    unlinked(files=files, out=folder / "unlinked")
    unbound(files=files, out=folder / "unbound")
    replicated(files=files, out=folder / "replicated")
    (folder / "careless.json").write_text(careless(files=files, out=folder / "careless"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
