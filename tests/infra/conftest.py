"""Both stages, synthesized once for the whole session, whatever the number of workers."""

import fcntl
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.contract import RouteContract, routes
from infra.project import ROOT
from tools.access.policies import Policies
from tools.access.templates import Assembly


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder that tests/infra/synthesize.py has filled."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "synthesized"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / "careless.json"  # written last
        if not done.exists():
            command = [sys.executable, "-m", "tests.infra.synthesize", str(shared)]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    return shared


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of the xdist worker; `master` without xdist."""
    inputs = getattr(request.config, "workerinput", None)
    return inputs["workerid"] if inputs else "master"


@pytest.fixture(scope="session")
def local(synthesized: Path) -> Assembly:
    """What runs in the emulator."""
    return Assembly(synthesized / "local")


@pytest.fixture(scope="session")
def prod(synthesized: Path) -> Assembly:
    """What runs in production. That it exists means that cdk-nag had nothing to say."""
    return Assembly(synthesized / "prod")


@pytest.fixture(scope="session")
def unlinked(synthesized: Path) -> Assembly:
    """Two stacks of the local stage for an emulator that does not run functions on this machine."""
    return Assembly(synthesized / "unlinked")


@pytest.fixture(params=["local", "prod"])
def stage(request: pytest.FixtureRequest) -> Assembly:
    """A rule that uses this holds in every stage."""
    found: Assembly = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The API contract that was synthesized."""
    found: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    return found


@pytest.fixture(scope="session")
def contract(document: dict[str, Any]) -> list[RouteContract]:
    """Its routes."""
    return routes(document)


@pytest.fixture
def policies(stage: Assembly) -> Policies:
    """Every grant of the stage."""
    return Policies(stage)
