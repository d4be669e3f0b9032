"""Planted defects: patches that a named test must catch, so that its being green means something.

Each `<name>.patch` begins with what is wrong, and with the tests that go red for it. That patches
fit and tests exist is checked with every run (test_patches.py); that they catch what they name, by
`make defects`. What only a fault brings to light is in tests/faults/defects.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support import patches

ROOT = Path(__file__).parents[2]
# What is not needed to run tests: environments, what is built, and what is remembered of runs.
LEFT_OUT = ("build", "cdk.out", "node_modules", "__pycache__", ".*")
TESTS = "Tests: "
TIMEOUT_S = 300
FAILED = 1  # of pytest's exit codes, the one that says that tests ran and some of them failed


@dataclass(frozen=True)
class Defect:
    """A patch, and the tests that catch it."""

    name: str
    says: str
    tests: tuple[str, ...]
    patch: Path


@dataclass(frozen=True)
class Verdict:
    """Which of its tests stayed green, and what pytest said."""

    name: str
    blind: tuple[str, ...]
    said: str


def all_defects() -> Iterator[Defect]:
    """In the order of their names."""
    for path in sorted(Path(__file__).parent.glob("*.patch")):
        says, named, *_ = path.read_text().splitlines()
        if not named.startswith(TESTS):
            raise ValueError(f"{path.name}: the second line names no tests")
        yield Defect(path.stem, says, tuple(named.removeprefix(TESTS).split()), path)


def hunt(defect: Defect) -> Verdict:
    """Run its tests, one by one, on a copy of the project that has the defect."""
    with tempfile.TemporaryDirectory(prefix="defect-") as folder:
        copy = Path(folder) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        patches.apply(defect.patch, root=copy)
        runs = {test: _run(test, copy) for test in defect.tests}
    blind = tuple(test for test, run in runs.items() if run.returncode != FAILED)
    return Verdict(defect.name, blind, "".join(runs[test].stdout[-2000:] for test in blind))


def _run(test: str, project: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    return subprocess.run(
        command,
        cwd=project,
        env=os.environ | {"PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
