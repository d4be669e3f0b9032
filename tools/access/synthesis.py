"""Synthesizes a stage without building it: assets are stand-ins, which no template depends on."""

import json
from pathlib import Path
from typing import Any

from infra.jsii import use_own_node

use_own_node()

from aws_cdk import App  # noqa: E402

from infra.application import build  # noqa: E402
from infra.project import ROOT, Project  # noqa: E402
from infra.settings import KEY, configured  # noqa: E402
from infra.stages import Stage  # noqa: E402

ACCOUNT = "111122223333"
DOMAIN = "api.example.com"
MAIL_FROM = "shop@example.com"


def as_deployed(stage: Stage) -> Stage:
    """The stage as an operator has it: bound to an account, at a domain if it needs one, and with
    somebody who hears its alarms."""
    said: dict[str, Any] = {"account": ACCOUNT}
    if stage.alarms:
        said["pages_to"] = ["oncall@example.com"]
    if stage.needs_domain:
        certificate = f"arn:aws:acm:{stage.region}:{ACCOUNT}:certificate/example"
        said |= {"domain": DOMAIN, "certificate_arn": certificate, "hosted_zone_id": "Z0123456789"}
    if stage.needs_mail_from:
        said |= {"mail_from": MAIL_FROM}
    return configured(stage, {KEY: {stage.name: said}})


def stand_ins(folder: Path) -> Project:
    """The real declarations, contract and machine, and empty assets."""
    found = Project(build=folder / "build")
    for platform in ("host", "aws"):
        for name in found.platform().services:
            _touch(found.build / platform / "functions" / name / "handler.py", name)
        for name in found.layer_names():
            _touch(found.build / platform / "layers" / name / "python" / "layer.py", name)
    return found


def synthesize(stage: Stage, *, files: Project, out: Path) -> None:
    """One cloud assembly."""
    made = app(stage, out)
    build(made, stage=stage, project=files)
    made.synth()


def app(stage: Stage, out: Path) -> App:
    """The app without its stacks, set up as app.py does."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    return App(
        outdir=str(out),
        context=context,
        builtin_cloud_formation_validation=stage.policy_checks,
    )


def _touch(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {text}\n")
