"""Both stages, synthesized once for the whole session."""

import fcntl
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.contract import RouteContract, routes
from infra.project import ROOT
from tests.infra.alarms import Watch, alarms
from tools.access.policies import Policies
from tools.access.templates import Assembly


@dataclass(frozen=True)
class Synthesis:
    """What became of it. `mine` is true in the one process that did it."""

    folder: Path
    complaint: str
    mine: bool


def _synthesis(config: pytest.Config, made: list[Synthesis] = []) -> Synthesis:  # noqa: B006
    """Done once in a run, by whoever comes first, whatever the number of workers."""
    if not made:
        base = config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        shared = (base.parent if hasattr(config, "workerinput") else base) / "synthesized"
        shared.mkdir(exist_ok=True)
        with (shared / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            complaint = shared / "complaint.txt"
            if mine := not complaint.exists():
                command = [sys.executable, "-m", "tests.infra.synthesize", str(shared)]
                run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
                said = run.stdout[-3000:] + run.stderr[-3000:] if run.returncode else ""
                complaint.write_text(said)
            made.append(Synthesis(shared, complaint.read_text(), mine))
    return made[0]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """An app that does not synthesize fails the first test that reads it, in one process; the
    others would say the same and are not run."""
    if "synthesized" not in getattr(item, "fixturenames", ()):
        return None
    made = _synthesis(item.config)
    if not made.complaint or (made.mine and not _TOLD):
        _TOLD.append(item.nodeid)
        return None
    item.session._setupstate.teardown_exact(nextitem)
    return True


_TOLD: list[str] = []


@pytest.fixture(scope="session")
def synthesized(pytestconfig: pytest.Config) -> Path:
    """The folder that tests/infra/synthesize.py has filled."""
    made = _synthesis(pytestconfig)
    if made.complaint:
        pytest.fail(
            "The app does not synthesize; other tests that read its templates are not run.\n"
            + made.complaint,
            pytrace=False,
        )
    return made.folder


@pytest.fixture(scope="session")
def local(synthesized: Path) -> Assembly:
    """What runs in the emulator."""
    return Assembly(synthesized / "local")


@pytest.fixture(scope="session")
def prod(synthesized: Path) -> Assembly:
    """What runs in production. That it exists means that cdk-nag had nothing to say."""
    return Assembly(synthesized / "prod")


@pytest.fixture(scope="session")
def dev(synthesized: Path) -> Assembly:
    """Where people try things: without alarms, firewall and keys of its own."""
    return Assembly(synthesized / "dev")


@pytest.fixture(scope="session")
def staging(synthesized: Path) -> Assembly:
    """Where what goes to production is rehearsed. It has no domain."""
    return Assembly(synthesized / "staging")


@pytest.fixture(scope="session")
def assemblies(synthesized: Path) -> dict[str, Assembly]:
    """Every stage of AWS, by its name."""
    return {name: Assembly(synthesized / name) for name in ("dev", "staging", "prod")}


@pytest.fixture(scope="session")
def account(synthesized: Path) -> Assembly:
    """What all stages of an account share."""
    return Assembly(synthesized / "account")


@pytest.fixture(scope="session")
def unlinked(synthesized: Path) -> Assembly:
    """Two stacks of the local stage for an emulator that does not run functions on this machine."""
    return Assembly(synthesized / "unlinked")


@pytest.fixture(scope="session")
def replicated(synthesized: Path) -> Assembly:
    """Of production with a second region, the stacks in which that shows."""
    return Assembly(synthesized / "replicated")


@pytest.fixture(params=["local", "prod"])
def stage(request: pytest.FixtureRequest, synthesized: Path) -> Assembly:
    """A rule that uses this holds in every stage."""
    assert synthesized
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


@pytest.fixture
def computed(prod: Assembly) -> dict[str, Watch]:
    """All alarms of production. The emulator has none that compute (`metric_math`)."""
    return alarms(prod)


@pytest.fixture
def ringing(stage: Assembly) -> dict[str, Watch]:
    """The alarms of a stage."""
    return alarms(stage)
