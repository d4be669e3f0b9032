"""`make cost`: record what everything uses, price it, write the budgets and docs/cost.md.

python -m benchmarks.cost           # all of it
python -m benchmarks.cost --times   # measure the functions' processor time anew, too
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cost import idle, tables
from benchmarks.cost.budgets import BUDGETS, ROOT, TIMES, document, price_list_of, recording
from benchmarks.cost.counts import Function, Recording
from benchmarks.cost.pricing import PriceList

OUT = ROOT / "build" / "cost.json"
DOCUMENT = ROOT / "docs" / "cost.md"
MARKS = ("<!-- begin: make cost -->\n", "<!-- end -->\n")
RECORD = "tests.integration.cost.record"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Cost of routes and journeys.")
    parser.add_argument("--times", action="store_true", help="measure processor time anew")
    options = parser.parse_args(arguments)
    if options.times:
        _measure_times()
    recorded = _recorded()
    price_list = price_list_of(
        {name: Function(**each) for name, each in recorded["functions"].items()}
    )
    before = json.loads(BUDGETS.read_text()) if BUDGETS.exists() else {}
    after = _dated(recording(recorded), price_list, before)
    text = json.dumps(after, indent=1) + "\n"
    for file in (OUT, BUDGETS):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    DOCUMENT.write_text(replaced(DOCUMENT.read_text(), tables.report(after)))
    _say(before, after)
    return 0


def replaced(document_: str, text: str) -> str:
    """The document with this text between its marks."""
    start, end = MARKS
    before, _, rest = document_.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{DOCUMENT.name} has no marks to write between.")
    return f"{before}{start}\n{text}\n\n{end}{after}"


def _dated(found: Recording, price_list: PriceList, before: Mapping[str, Any]) -> dict[str, Any]:
    """With the day on which it became what it is."""
    today, resources = f"{datetime.now(UTC):%Y-%m-%d}", _resources()
    day = str(before.get("recorded", today))
    same = document(found, price_list, resources=resources, recorded=day)
    return same if same == before else {**same, "recorded": today}


def _recorded(*options: str) -> Any:
    """In a process of its own, with the environment of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recording.json"
        path = os.pathsep.join(str(ROOT / p) for p in ("functions", "layers/shop/python", "."))
        command = [sys.executable, "-m", RECORD, *options, str(file)]
        environment = {**os.environ, "PYTHONPATH": path}
        run = subprocess.run(
            command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
        )
        if run.returncode:
            raise SystemExit(f"Nothing could be recorded:\n{run.stderr[-3000:]}")
        return json.loads(file.read_text())


def _measure_times() -> None:
    times = json.loads(TIMES.read_text())
    times["measured"] = f"{datetime.now(UTC):%Y-%m-%d}"
    times["cpu_ms"] = _recorded("--cpu")
    TIMES.write_text(json.dumps(times, indent=1) + "\n")


def _resources() -> dict[str, dict[str, int]]:
    """Of the stages that are priced, as the tests of infra synthesize them."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.infra.synthesize", folder]
        run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if run.returncode:
            raise SystemExit(f"The stacks could not be synthesized:\n{run.stderr[-3000:]}")
        return {stage: idle.count(_templates(Path(folder) / stage)) for stage in idle.LIMITS}


def _templates(folder: Path) -> dict[str, Any]:
    return {file.name: json.loads(file.read_text()) for file in folder.glob("*.template.json")}


def _say(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """What became dearer or cheaper than what was committed."""
    old = before.get("usage", {})
    print(tables.costs(after, "journey"))
    print(f"\nWritten: {', '.join(str(f.relative_to(ROOT)) for f in (OUT, BUDGETS, DOCUMENT))}")
    for name, each in after["usage"].items():
        was, now = old.get(name, {}).get("total", 0), each.get("total", 0)
        if abs(now - was) > 1e-6:
            print(f"  {name}: {was:.4f} -> {now:.4f}")


if __name__ == "__main__":
    sys.exit(main())
