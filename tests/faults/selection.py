"""Which runs and which seeded defects `make test` makes of all that there are.

`record.json` says what the sources were when all of it was run. Journeys that run through what has
changed since are run whole, as far as there is room; what room is left gets a sample of the others:
each fault once at each call in the sources, in a journey and at a point that the seed draws, so
that another commit tries others. How many runs that are does not depend on the change.
"""

import hashlib
import json
import os
import random
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.defects import Defect
from tests.faults.running import Course, Schedule

RECORD = "tests/faults/record.json"
# What runs and how: a change elsewhere changes no run.
LOOKED_AT = (
    "functions",
    "layers",
    "state_machines",
    "requirements-dev.txt",
    "tests/conftest.py",
    "tests/faults",
    "tests/support",
)
UNREAD = (".md", ".pyc")
# A prefix of a path: what changes there may change every run, and no trace of a journey tells.
SHARED = (
    "layers/",
    "state_machines/",
    "requirements-dev.txt",
    "tests/conftest.py",
    "tests/support/",
    "tests/faults/",
)
OF_SOME = ("tests/faults/journeys/", "tests/faults/defects/", "tests/faults/test_")
RUNS = 900  # what two cores do in a minute and a half
DEFECTS = 4
Digests = Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """What differs from what was run whole."""

    files: frozenset[str]
    seed: str

    @property
    def is_shared(self) -> bool:
        """Whether it may change every run, so that all of it is due before a release."""
        return any(file.startswith(SHARED) and not file.startswith(OF_SOME) for file in self.files)

    def touches(self, course: Course) -> bool:
        """Whether the journey, or a source that it runs through, changed."""
        return not self.files.isdisjoint(course.files)


@dataclass(frozen=True)
class Plan:
    """Which part of it all is run."""

    says: str
    schedules: Iterable[Schedule]
    covers: Callable[[str], bool] = lambda _file: True  # whether each of its calls must be reached


def digests(root: Path) -> dict[str, str]:
    """Of every file that a run may depend on; the record itself is none."""
    found = sorted(file for name in LOOKED_AT for file in _files(root / name))
    named = {file.relative_to(root).as_posix(): file for file in found}
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        for name, file in named.items()
        if name != RECORD
    }


def _files(path: Path) -> Iterator[Path]:
    found = [path] if path.is_file() else path.rglob("*")
    yield from (file for file in found if file.is_file() and file.suffix not in UNREAD)


def record(root: Path, ran: Digests) -> None:
    """All of it was run with these sources, and nothing was found."""
    (root / RECORD).write_text(json.dumps(ran, indent=1) + "\n")


def change(root: Path) -> Change:
    """What is other, new or gone below `root` since all of it was run; all, if it never was."""
    path = root / RECORD
    before: Digests = json.loads(path.read_text()) if path.exists() else {}
    now = digests(root)
    files = {name for name in {*before, *now} if before.get(name) != now.get(name)}
    return Change(frozenset(files), os.environ.get("CARTWRIGHT_SEED") or _commit(root))


def _commit(root: Path) -> str:
    """What git says; nothing if it cannot answer, or is not there."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def plan(courses: Sequence[Course], change: Change, *, room: int = RUNS) -> Plan:
    """What this change asks for, journey by journey.

    Some calls are made only behind a fault. Those of files that did not change were seen to be
    covered when all of it was run, and a sample need not draw their faults again.
    """
    draw = random.Random(change.seed)  # noqa: S311 (a sample, not a secret)
    changed = [each for each in courses if change.touches(each)]
    others = [each for each in courses if each not in changed]
    whole = [run for each in changed for run in each.schedules()]
    all_of_it = len(whole) <= room
    runs = whole if all_of_it else _some(_sample(changed, set(), draw), room, draw)
    known = {key for each in changed for key, _ in _keyed(each)}
    sample = _some(_sample(others, known, draw), room - len(runs), draw)
    due = "; what all share changed: make faults is due" if change.is_shared else ""
    return Plan(
        f"{len(runs)} of the {len(whole)} runs of the {len(changed)} journeys whose code changed "
        f"since all were run, {len(sample)} of the {len(others)} others (seed {change.seed}){due}",
        [*runs, *sample],
        lambda file: all_of_it and file in change.files,
    )


def _sample(
    courses: Iterable[Course], known: set[object], draw: random.Random
) -> Iterator[Schedule]:
    """One run for each key that is not known yet; a short journey is drawn more often."""
    candidates: dict[object, list[tuple[Schedule, float]]] = defaultdict(list)
    for each in courses:
        for key, schedule in _keyed(each):
            if key not in known:
                candidates[key].append((schedule, 1 / len(each.points)))
    for runs in candidates.values():
        schedules, weights = zip(*runs, strict=True)
        yield from draw.choices(schedules, weights)


def _some(runs: Iterable[Schedule], room: int, draw: random.Random) -> list[Schedule]:
    """As many as there is room for, journey by journey: a worker prepares each of them once."""
    found = list(runs)
    return sorted(draw.sample(found, min(room, len(found))), key=lambda run: run.journey)


def _keyed(course: Course) -> Iterator[tuple[object, Schedule]]:
    """Each run, under what makes it like another: who calls what, from which line, which fault."""
    for point in course.points:
        for fault in point.faults:
            yield (
                (point.site, point.name, fault),
                Schedule(course.journey, ((point.index, fault),)),
            )


def chosen_defects(defects: Sequence[Defect], change: Change) -> list[Defect]:
    """A few: of those whose files changed, then of the others."""
    draw = random.Random(change.seed)  # noqa: S311 (a sample, not a secret)
    mixed = draw.sample(defects, len(defects))
    return sorted(mixed, key=lambda each: change.files.isdisjoint(each.files))[:DEFECTS]
