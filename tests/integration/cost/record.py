"""Records what everything uses: `python -m tests.integration.cost.record FILE`.

`--cpu` measures the processor time of the functions instead.
"""

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import pytest

import tests.conftest  # noqa: F401  (the environment of all tests)
from benchmarks.cost.counts import Counts, Function, Recording, Usage
from shop.deploy import discover
from tests.faults.environment import FaultEnvironment
from tests.faults.journeys import JOURNEYS
from tests.integration.cost import acts
from tests.integration.cost.shop import Shop
from tests.support.checkout_scenario import AUDITOR
from tests.support.meter import Meter, metered

CROWD = 100  # orders that are there before anything is counted
RUNS = 7


def record(meter: Meter, *, crowd: int = CROWD) -> Recording:
    """Every act once, by name."""
    shop = Shop(meter, crowd)
    found: dict[str, Usage] = {}
    for name, act in acts.routes(shop).items():
        if before := acts.BEFORE.get(name):
            before(shop)
        found[name] = meter.measure(act)
    _catch_up(shop)
    for name, act in acts.processes(shop).items():
        if before := acts.BEFORE.get(name):
            before(shop)
        found[name] = meter.measure(act, "process")
    shop.buy()  # What new processes ask for once is asked: all are warm again.
    for name in jobs():
        shop.run(name)  # What there is to do is done: the next run finds nothing.
        found[name] = meter.measure(partial(shop.run, name), "schedule")
    for name, act in acts.journeys(shop).items():
        shop.refresh()  # Tokens end while journeys wait.
        found[name] = meter.measure(act, "journey")
    return found


def _catch_up(shop: Shop) -> None:
    """Who was erased had a week to think: tokens have ended, and the auditor is behind."""
    shop.refresh()
    shop.pass_minutes(1)
    shop.run(AUDITOR)


def recorded(*, crowd: int = CROWD) -> Recording:
    """In a shop of its own."""
    with pytest.MonkeyPatch.context() as patch, metered(patch) as meter:
        return record(meter, crowd=crowd)


def paths() -> Recording:
    """The second part of every journey of the fault harness, without faults, in an empty shop.

    Calls only: what they cost is known of routes and journeys.
    """
    found = {}
    with pytest.MonkeyPatch.context() as patch, metered(patch) as meter:
        world = FaultEnvironment(meter.shop)
        empty = world.snapshot()
        for name, journey in sorted(JOURNEYS.items()):
            world.restore(empty)
            meter.listen()
            meter.new_processes()
            journey.given(world)
            used = meter.measure(partial(journey.when, world), "path")
            found[f"path {name}"] = Usage(
                kind="path", now=_calls(used.now), later=_calls(used.later)
            )
    return found


def _calls(counts: Counts) -> Counts:
    return replace(counts, read_units={}, write_units={}, log_bytes={})


def jobs() -> list[str]:
    """All that runs every minute."""
    return sorted(id_ for id_, spec in discover().functions.items() if spec.kind == "job")


def functions() -> Mapping[str, Function]:
    """All functions of the stacks."""
    return {
        id_: Function(kind=s.kind, memory_mb=s.memory_mb) for id_, s in discover().functions.items()
    }


def cpu_ms(runs: int = RUNS) -> Mapping[str, float]:
    """Mean milliseconds of each function and step, warm, without the slowest and fastest tenth."""
    found: dict[str, list[float]] = defaultdict(list)
    for run in range(runs + 1):
        with pytest.MonkeyPatch.context() as patch, metered(patch) as meter:
            record(meter)
            for name, times in meter.watch.cpu_ms.items() if run else ():
                found[name] += times
    return {name: round(_typical(times), 1) for name, times in sorted(found.items())}


def _typical(times: list[float]) -> float:
    tenth = len(times) // 10
    return statistics.fmean(sorted(times)[tenth : len(times) - tenth])


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Record what routes and journeys use.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--cpu", action="store_true", help="milliseconds of functions instead")
    options = parser.parse_args()
    if options.cpu:
        data: object = cpu_ms()
    else:
        data = {
            "functions": {name: asdict(each) for name, each in functions().items()},
            "usage": {name: usage.to_dict() for name, usage in {**recorded(), **paths()}.items()},
        }
    options.file.parent.mkdir(parents=True, exist_ok=True)
    options.file.write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
