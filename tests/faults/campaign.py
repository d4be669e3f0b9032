"""All journeys under all faults, on all cores; and the report of it."""

import gc
import json
import logging
import multiprocessing
import os
import random
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from tests.faults import defects
from tests.faults.defects import Caught, Defect
from tests.faults.environment import opened
from tests.faults.running import Course, Result, Runner, Schedule
from tests.support.interceptor import SOURCES

T = TypeVar("T")
OUT = Path(__file__).parents[2] / "build" / "faults"
SLICE = 24  # schedules that a worker takes at once


@cache
def _runner() -> Runner:
    """One world for each worker, for as long as it lives."""
    logging.disable(logging.CRITICAL)
    runner = Runner(_open.enter_context(opened()))
    gc.collect()
    gc.freeze()
    gc.disable()
    return runner


_open = ExitStack()  # for as long as the process lives
Lines = set[tuple[str, int]]  # (file, line) of our sources that stood behind a request


def course(journey: str, *, traced: bool = False) -> tuple[Course, Lines]:
    """A journey without faults."""
    return _runner().course(journey, traced=traced), _new_lines()


def run(schedules: Sequence[Schedule]) -> tuple[list[Result], Lines]:
    """Some schedules, one after the other."""
    results = [_runner().run(schedule) for schedule in schedules]
    gc.collect(1)
    return results, _new_lines()


def _new_lines() -> Lines:
    """Those that this worker has not reported yet."""
    new = _runner().world.shop.interceptor.reached - _told
    _told.update(new)
    root = f"{SOURCES}/"
    return {(file.removeprefix(root), line) for file, line in new}


_told: Lines = set()


def hunt(journeys: Iterable[str], faults: Collection[str] | None) -> Iterator[str]:
    """Violations, with and without faults, as they are found; in this process."""
    for name in journeys:
        found, _ = course(name)
        yield from (f"{name}: {violation}" for violation in found.violations)
        chosen = (
            schedule
            for schedule in found.schedules()
            if faults is None or schedule.faults[0][1] in faults
        )
        for schedule in chosen:
            for result in run([schedule])[0]:
                yield from (f"{result.schedule}: {violation}" for violation in result.violations)


class Campaign:
    """A pool of workers, and what they found."""

    def __init__(self, workers: int | None = None) -> None:
        count = workers or int(os.environ.get("CARTWRIGHT_FAULT_WORKERS") or os.cpu_count() or 1)
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(count, mp_context=context)
        self.started = clock()
        self.lines: Lines = set()  # reached so far

    def courses(self, journeys: Iterable[str], *, traced: bool = False) -> list[Course]:
        """Each journey without faults, with the files that it runs through if asked."""
        run_one = partial(course, traced=traced)
        return [self._noted(found) for found in self._pool.map(run_one, journeys)]

    def results(self, schedules: Iterable[Schedule]) -> Iterator[Result]:
        """Of all schedules, as they come."""
        rest = iter(schedules)
        slices = iter(lambda: list(islice(rest, SLICE)), [])
        for found in self._pool.map(run, slices):
            yield from self._noted(found)

    def hunts(self, seeded: Iterable[Defect]) -> Iterator[Caught]:
        """What became of each seeded defect."""
        return self._pool.map(defects.hunt, seeded)

    def _noted(self, found: tuple[T, Lines]) -> T:
        self.lines |= found[1]
        return found[0]

    def close(self) -> None:
        """Let the workers go."""
        for process in list(self._pool._processes.values()):
            process.kill()  # To take its world apart would take it many seconds.
        self._pool.shutdown(cancel_futures=True)


def singles(courses: Iterable[Course]) -> Iterator[Schedule]:
    """Every fault at every point of every journey."""
    for each in courses:
        yield from each.schedules()


def pairs(courses: Sequence[Course], *, count: int, seed: int) -> Iterator[Schedule]:
    """Two faults at two points of a journey, drawn with this seed."""
    draw = random.Random(seed)  # noqa: S311 (a schedule, not a secret)
    rich = [each for each in courses if len(each.points) > 1]
    for _ in range(count):
        chosen = draw.choice(rich)
        points = sorted(draw.sample(chosen.points, 2), key=lambda point: point.index)
        yield Schedule(
            chosen.journey, tuple((point.index, draw.choice(point.faults)) for point in points)
        )


def calls_of(courses: Iterable[Course]) -> Iterator[dict[str, Any]]:
    """Every point of every journey: a call to AWS or the provider, a delivery, an answer."""
    for each in courses:
        for point in each.points:
            yield {"journey": each.journey, **asdict(point)}


def write(name: str, rows: Iterable[dict[str, Any]]) -> Path:
    """Raw records, one JSON document a line."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / name
    with path.open("w") as file:
        file.writelines(json.dumps(row, default=str) + "\n" for row in rows)
    return path


def read(name: str) -> list[dict[str, Any]]:
    """Inverse of `write`."""
    return [json.loads(line) for line in (OUT / name).read_text().splitlines()]


def report(*, seconds: float, selected: str) -> dict[str, Any]:
    """The figures, from the raw records alone."""
    calls, results = read("calls.jsonl"), read("schedules.jsonl")
    journeys = {
        name: {
            "calls": sum(
                row["journey"] == name and row["kind"] in ("read", "write", "provider")
                for row in calls
            ),
            "schedules": sum(row["schedule"].startswith(f"{name}:") for row in results),
        }
        for name in sorted({row["journey"] for row in calls})
    }
    return {
        "selected": selected,
        "journeys": journeys,
        "schedules": len(results),
        "violations": [
            {"schedule": row["schedule"], "where": row["where"], "found": row["violations"]}
            for row in results
            if row["violations"]
        ],
        "not_covered": [row["call"] for row in read("not_covered.jsonl")],
        "defects": {row["name"]: row["caught"] for row in read("defects.jsonl")},
        "seconds": round(seconds, 1),
    }


def clock() -> float:
    """Seconds, for durations."""
    return time.perf_counter()
