"""Which runs and which seeded defects a change asks for.

All of them where the change can reach every journey: the layer, the state machine, the harness,
what the tests stand on. Else every run of the journeys whose code changed since the last release,
and of the others a sample: each fault once at each call in the sources, in a journey and at a point
that the seed draws, so that another commit tries others.
"""

import os
import random
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.defects import Defect
from tests.faults.running import Course, Schedule

RELEASES = "v*"  # tags
# A prefix of a path: what changes there may change every journey.
SHARED = ("layers/", "state_machines/", "requirements-dev.txt", "tests/support/", "tests/conftest")
HARNESS = "tests/faults/"
_OF_JOURNEYS = f"{HARNESS}journeys/"
_OF_DEFECTS = f"{HARNESS}defects/"
DEFECTS = 4  # of those that nothing touched


@dataclass(frozen=True)
class Change:
    """What differs from the last release; `release` is empty if this checkout knows of none."""

    release: str
    files: frozenset[str]
    seed: str

    @property
    def reaches_all(self) -> bool:
        """Whether there is no journey that it could not change."""
        return any(
            file.startswith(SHARED)
            or (file.startswith(HARNESS) and not file.startswith((_OF_JOURNEYS, _OF_DEFECTS)))
            for file in self.files
        )

    def touches(self, course: Course) -> bool:
        """Whether the journey, or a source that it runs through, changed."""
        return not self.files.isdisjoint(course.files)

    def __str__(self) -> str:
        if not self.release:
            return f"no release tag is known here: a sample of every journey (seed {self.seed})"
        if self.reaches_all:
            return f"every run: what all journeys share changed since {self.release}"
        return (
            f"journeys whose code changed since {self.release}, and a sample of the others "
            f"(seed {self.seed})"
        )


def change(root: Path) -> Change:
    """Of the files below `root`, committed or not, since the last release that it descends from."""
    seed = os.environ.get("CARTWRIGHT_SEED") or _git(root, "rev-parse", "--short", "HEAD")
    release = _git(root, "describe", "--tags", "--abbrev=0", f"--match={RELEASES}")
    if not release:
        return Change("", frozenset(), seed)
    tracked = _git(root, "diff", "--name-only", release).splitlines()
    new = _git(root, "ls-files", "--others", "--exclude-standard").splitlines()
    return Change(release, frozenset((*tracked, *new)), seed)


def _git(root: Path, *arguments: str) -> str:
    """What git says; nothing if it cannot answer, or is not there."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def schedules(courses: Sequence[Course], change: Change) -> Iterator[Schedule]:
    """Those that this change asks for, journey by journey."""
    whole = [each for each in courses if change.reaches_all or change.touches(each)]
    rest = [each for each in courses if each not in whole]
    for each in whole:
        yield from each.schedules()
    known = {key for each in whole for key, _ in _keyed(each)}
    yield from _sample(rest, known, change.seed)


def _sample(courses: Iterable[Course], known: set[object], seed: str) -> Iterator[Schedule]:
    """One run for each key that is not known yet; a short journey is drawn more often."""
    candidates: dict[object, list[tuple[Schedule, float]]] = defaultdict(list)
    for each in courses:
        for key, schedule in _keyed(each):
            if key not in known:
                candidates[key].append((schedule, 1 / len(each.points)))
    draw = random.Random(seed)  # noqa: S311 (a sample, not a secret)
    drawn = []
    for runs in candidates.values():
        schedules, weights = zip(*runs, strict=True)
        drawn += draw.choices(schedules, weights)
    yield from sorted(drawn, key=lambda schedule: schedule.journey)


def _keyed(course: Course) -> Iterator[tuple[object, Schedule]]:
    """Each run, under what makes it like another: who calls what, from which line, which fault."""
    for point in course.points:
        for fault in point.faults:
            yield (
                (point.site, point.name, fault),
                Schedule(course.journey, ((point.index, fault),)),
            )


def chosen_defects(defects: Sequence[Defect], change: Change) -> list[Defect]:
    """All, or those whose files changed and a few of the others."""
    if change.reaches_all:
        return list(defects)
    touched = [each for each in defects if not change.files.isdisjoint(each.files)]
    others = [each for each in defects if each not in touched]
    draw = random.Random(change.seed)  # noqa: S311 (a sample, not a secret)
    return [*touched, *draw.sample(others, min(DEFECTS, len(others)))]
