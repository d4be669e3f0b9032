"""The command line of the harness. Exit code 0: nothing is violated and everything is covered."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from tests.faults import campaign, covering, selection
from tests.faults.campaign import Campaign
from tests.faults.defects import ROOT, Defect, all_defects
from tests.faults.journeys import JOURNEYS
from tests.faults.running import Course, Result, Schedule
from tests.faults.selection import Plan

SHOWN = 20
PROGRESS = 1000


def main(arguments: list[str]) -> int:
    """Do what is asked; the report is build/faults/report.json."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    every = commands.add_parser("run", help="every single fault at every point")
    every.add_argument("journeys", nargs="*")
    commands.add_parser("changed", help="what the changes since all was run ask for")
    two = commands.add_parser("pairs", help="two faults at once, drawn with a seed")
    two.add_argument("--count", type=int, default=2000)
    two.add_argument("--seed", type=int, default=1)
    again = commands.add_parser("replay", help="one schedule again, by its id")
    again.add_argument("schedules", nargs="+")
    one = commands.add_parser("hunt", help="run journeys until something is violated")
    one.add_argument("journeys", nargs="+")
    one.add_argument("--faults", nargs="*", help="only these; default: all")
    commands.add_parser("list", help="journeys and their points")
    options = parser.parse_args(arguments or ["run"])
    runner = Campaign()
    try:
        return _COMMANDS[options.command](runner, options)
    finally:
        runner.close()


def _run(runner: Campaign, options: argparse.Namespace) -> int:
    if options.journeys:
        courses = runner.courses(options.journeys)
        some = Plan("these journeys", campaign.singles(courses), _nothing)
        return _carry_out(runner, courses, some, ())
    sources = selection.digests(ROOT)
    courses = runner.courses(JOURNEYS)
    every = Plan("every run", campaign.singles(courses))
    code = _carry_out(runner, courses, every, all_defects())
    if code == 0:
        selection.record(ROOT, sources)
    return code


def _changed(runner: Campaign, _options: argparse.Namespace) -> int:
    """The part that a change asks for; the first line says which part that is."""
    change = selection.change(ROOT)
    courses = runner.courses(JOURNEYS, traced=True)
    plan = selection.plan(courses, change)
    _say(plan.says)
    return _carry_out(runner, courses, plan, selection.chosen_defects([*all_defects()], change))


def _nothing(_file: str) -> bool:
    """Some journeys cover some files, and which is nobody's business."""
    return False


def _carry_out(
    runner: Campaign, courses: Sequence[Course], plan: Plan, seeded: Iterable[Defect]
) -> int:
    wrong = _say_courses(courses)
    campaign.write("calls.jsonl", campaign.calls_of(courses))
    results = list(_shown(runner.results(plan.schedules)))
    campaign.write("schedules.jsonl", map(asdict, results))
    missing = [site for site in covering.not_covered(runner.lines) if plan.covers(site.file)]
    campaign.write("not_covered.jsonl", ({"call": str(site)} for site in missing))
    caught = list(runner.hunts(seeded))
    campaign.write("defects.jsonl", map(asdict, caught))
    found = campaign.report(seconds=campaign.clock() - runner.started, selected=plan.says)
    (campaign.OUT / "report.json").write_text(json.dumps(found, indent=1) + "\n")
    _say_report(found)
    escaped = not all(each.caught for each in caught)
    return 1 if wrong or found["violations"] or missing or escaped else 0


def _say_report(found: dict[str, Any]) -> None:
    for call in found["not_covered"]:
        _say(f"not covered: {call}. No journey reaches it: add one in tests/faults/journeys.")
    for name, caught in found["defects"].items():
        if not caught:
            _say(f"not caught: tests/faults/defects/{name}.patch. The oracle is blind to it.")
    _say(
        f"{found['schedules']} schedules of {len(found['journeys'])} journeys in "
        f"{found['seconds']} s: {len(found['violations'])} with violations, "
        f"{len(found['not_covered'])} calls not covered, {sum(found['defects'].values())} of "
        f"{len(found['defects'])} seeded defects caught. build/faults/report.json"
    )


def _hunt(_runner: Campaign, options: argparse.Namespace) -> int:
    """Exit code 1, and the first violation on standard output; 0 if there is none."""
    first = next(campaign.hunt(options.journeys, options.faults), None)
    if first is None:
        return 0
    sys.__stdout__.write(first)  # type: ignore[union-attr]  # functions print elsewhere
    return 1


def _pairs(runner: Campaign, options: argparse.Namespace) -> int:
    courses = runner.courses(JOURNEYS)
    drawn = campaign.pairs(courses, count=options.count, seed=options.seed)
    results = list(_shown(runner.results(drawn)))
    campaign.write("pairs.jsonl", map(asdict, results))
    broken = sum(bool(result.violations) for result in results)
    _say(f"{len(results)} pairs (seed {options.seed}), {broken} with violations")
    return 1 if broken else 0


def _replay(runner: Campaign, options: argparse.Namespace) -> int:
    results = list(runner.results(map(Schedule.of, options.schedules)))
    for result in results:
        _say(json.dumps(asdict(result), indent=1))
    return 1 if any(result.violations for result in results) else 0


def _list(runner: Campaign, _options: argparse.Namespace) -> int:
    for each in runner.courses(JOURNEYS):
        kinds = Counter(point.kind for point in each.points)
        _say(f"{each.journey}: {dict(kinds)}")
        for point in each.points:
            _say(f"  {point.index:3} {point.name}")
    return 0


def _say_courses(courses: Sequence[Course]) -> bool:
    for each in courses:
        for violation in each.violations:
            _say(f"{each.journey}, without a fault: {violation}")
    return any(each.violations for each in courses)


def _shown(results: Iterable[Result]) -> Iterable[Result]:
    """Says what is violated as it is found, and how to see it again."""
    said = 0
    for number, result in enumerate(results, start=1):
        if number % PROGRESS == 0:
            _say(f"{number} schedules")
        if result.violations and said < SHOWN:
            said += 1
            _say(f"{', '.join(result.where) or result.schedule}")
            for violation in result.violations[:5]:
                _say(f"    {violation}")
            _say(f"    again: {Schedule.of(result.schedule).command}")
        yield result


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


_COMMANDS = {
    "run": _run,
    "changed": _changed,
    "pairs": _pairs,
    "replay": _replay,
    "hunt": _hunt,
    "list": _list,
}
