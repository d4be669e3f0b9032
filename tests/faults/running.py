"""Runs: a journey from a clean state, with the faults of one schedule, and what the oracle says."""

import copy
import cProfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.faults import oracle
from tests.faults.environment import FaultEnvironment, Snapshot
from tests.faults.injection import Point
from tests.faults.journeys import JOURNEYS, Journey, ended
from tests.support.interceptor import SOURCES, Request, is_ours

ROOT = Path(__file__).parents[2]
_JOURNEYS = str(Path(__file__).parent / "journeys")


@dataclass(frozen=True)
class Schedule:
    """Which fault meets which point of a journey. Usually one; pairs for the soak."""

    journey: str
    faults: tuple[tuple[int, str], ...]

    @property
    def id(self) -> str:
        """`pay:17:lost`, or `pay:17:lost+30:twice`."""
        return f"{self.journey}:" + "+".join(f"{index}:{name}" for index, name in self.faults)

    @classmethod
    def of(cls, text: str) -> "Schedule":
        """Inverse of `id`; ValueError for anything else."""
        journey, _, rest = text.partition(":")
        parts = [part.partition(":") for part in rest.split("+") if part]
        return cls(journey, tuple((int(index), name) for index, _, name in parts))

    @property
    def command(self) -> str:
        """How to see it again."""
        return f"python -m tests.faults replay {self.id}"


@dataclass(frozen=True)
class Result:
    """How a schedule came out; `violations` is empty if all went well."""

    schedule: str
    where: tuple[str, ...]
    violations: tuple[str, ...]
    ended: Mapping[str, Any]
    seconds: float


@dataclass
class Course:
    """A journey without faults: its points, what it ended with, which calls it made."""

    journey: str
    points: list[Point]
    ended: dict[str, Any]
    violations: list[str]
    requests: list[Request] = field(default_factory=list)
    files: frozenset[str] = frozenset()  # its own, and all sources that it ran through

    def schedules(self) -> Iterator[Schedule]:
        """Every fault at every point, one at a time."""
        for point in self.points:
            for fault in point.faults:
                yield Schedule(self.journey, ((point.index, fault),))


class Runner:
    """Runs journeys in one world."""

    def __init__(self, world: FaultEnvironment) -> None:
        self.world = world
        self._given: dict[str, tuple[Snapshot, dict[str, Any]]] = {}

    @cached_property
    def _empty(self) -> Snapshot:
        return self.world.snapshot()

    def clean(self) -> None:
        """A shop that sells nothing yet."""
        self.world.restore(self._empty)

    def course(self, name: str, *, traced: bool = False) -> Course:
        """Run it without a fault; it must end as it says. `traced` finds its files as well."""
        journey = JOURNEYS[name]
        with _files() if traced else nullcontext(set[str]()) as files:
            violations = self._go(journey, {})
        got = ended(self.world)
        violations += _ends(journey, got)
        requests = [
            each for each in self.world.shop.interceptor.requests if each.function != "test"
        ]
        points = list(self.world.injector.points)
        return Course(name, points, got, violations, requests, frozenset(files))

    def run(self, schedule: Schedule) -> Result:
        """Run it with its faults, each at its point."""
        start = time.perf_counter()
        violations = self._go(JOURNEYS[schedule.journey], dict(schedule.faults))
        fired = tuple(self.world.injector.fired)
        got = ended(self.world)
        waits = any(name in ("late", "again", "slow-hold") for _, name in schedule.faults)
        if JOURNEYS[schedule.journey].firm and not waits:
            violations += _ends(JOURNEYS[schedule.journey], got)
        if not fired:
            violations.append("the fault met nothing: the run is not the same every time")
        seconds = round(time.perf_counter() - start, 4)
        return Result(schedule.id, fired, tuple(violations), got, seconds)

    def _go(self, journey: Journey, faults: dict[int, str]) -> list[str]:
        self._begin(journey)
        violations: list[str] = []
        try:
            self.world.injector.start(faults)
            self.world.moment = lambda: violations.extend(oracle.at_any_time(self.world))
            journey.when(self.world)
            self.world.moment()
            self.world.run_until_idle()
            violations += oracle.at_rest(self.world)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            violations.append(
                f"{type(error).__name__} at {place.name}:{place.lineno}: {error}"[:400]
            )
        finally:
            self.world.injector.stop()
            self.world.moment = lambda: None
        return violations

    def _begin(self, journey: Journey) -> None:
        world = self.world
        world.restore(self._empty)
        if journey.name not in self._given:
            world.seen = {}
            journey.given(world)
            world.shop.deliver()
            self._given[journey.name] = world.snapshot(), copy.deepcopy(world.seen)
        snapshot, seen = self._given[journey.name]
        world.restore(snapshot)
        world.seen = copy.deepcopy(seen)


@contextmanager
def _files() -> Iterator[set[str]]:
    """Sources, and parts of journeys, of which anything is called meanwhile."""
    found: set[str] = set()
    profile = cProfile.Profile(builtins=False)  # in C: a trace in Python takes three times as long
    profile.enable()
    try:
        yield found
    finally:
        profile.disable()
    for entry in profile.getstats():
        file = getattr(entry.code, "co_filename", "")
        if is_ours(file):
            found.add(file.removeprefix(f"{SOURCES}/"))
        elif file.startswith(_JOURNEYS):
            found.add(file.removeprefix(f"{ROOT}/"))


def _ends(journey: Journey, got: Mapping[str, Any]) -> list[str]:
    return [
        f"ended with {what} {got[what]}, not {expected}"
        for what, expected in journey.ends.items()
        if got[what] != expected
    ]
