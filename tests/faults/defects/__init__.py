"""Seeded defects: patches that the oracle must catch, so that its silence means something.

Each `<name>.patch` begins with what is wrong, and with the journeys and the faults by which it is
looked for.
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

ROOT = Path(__file__).parents[3]
COPIED = ("functions", "layers/shop", "state_machines")
TIMEOUT_S = 240


@dataclass(frozen=True)
class Defect:
    """A patch, and where to look for what it breaks."""

    name: str
    says: str
    journeys: tuple[str, ...]
    faults: tuple[str, ...]  # that reveal it; none: the journeys do by themselves
    patch: Path

    @property
    def files(self) -> frozenset[str]:
        """The sources that it changes, and itself."""
        return patches.files(self.patch) | {f"tests/faults/defects/{self.patch.name}"}


@dataclass(frozen=True)
class Caught:
    """Whether it was, and by what."""

    name: str
    caught: bool
    by: str


def all_defects() -> Iterator[Defect]:
    """In the order of their names."""
    for path in sorted(Path(__file__).parent.glob("*.patch")):
        says, journeys, faults, *_ = path.read_text().splitlines()
        yield Defect(path.stem, says, tuple(journeys.split()[1:]), tuple(faults.split()[1:]), path)


def hunt(defect: Defect) -> Caught:
    """Run the journeys on a patched copy of the sources until something is violated."""
    with tempfile.TemporaryDirectory(prefix="defect-") as folder:
        sources = Path(folder)
        for part in COPIED:
            shutil.copytree(
                ROOT / part, sources / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        patches.apply(defect.patch, root=sources)
        done = subprocess.run(
            [
                sys.executable,
                "-B",
                "-m",
                "tests.faults",
                "hunt",
                *defect.journeys,
                "--faults",
                *defect.faults,
            ],
            cwd=ROOT,
            env=os.environ | {"CARTWRIGHT_SOURCES": folder},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    said = done.stdout.strip()
    if done.returncode not in (0, 1) or (done.returncode == 1 and not said):
        raise RuntimeError(f"{defect.name}: {done.stderr[-2000:]}")
    return Caught(defect.name, done.returncode == 1, said)
