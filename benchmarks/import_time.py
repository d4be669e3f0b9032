"""Cold start: the import of every handler, beside a bare boto3 client, in one run.

    python -m benchmarks.import_time [--runs 9] [--json] [--limit 1.3] [SERVICE ...]

Each import runs in a new interpreter that sees its asset and layers only, and the cases take turns,
so that load on the machine hits all alike. `boto3` is the package as it is published; `layer` is
what a handler that uses everything would import. Memory is that of the process, after the import:
RSS, and PSS, in which a page that processes share counts once among them.
"""

import argparse
import json
import statistics
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.build import build
from tools.handlers import Handler, discover, environment

BOTO3 = "import boto3; boto3.client('dynamodb')"
EVERYTHING = """
from aws_lambda_powertools import Logger, Metrics
Logger(), Metrics()
from pydantic import BaseModel
class Model(BaseModel):
    name: str
    size: int
from pynamodb.connection import Connection
Connection(region='us-east-1').client
"""
MEASURE = """
import sys, time
sys.path[:0] = sys.argv[2:]
code = compile(sys.argv[1], "case", "exec")
began = time.perf_counter()
exec(code, {"__name__": "case"})
took = time.perf_counter() - began
try:
    lines = [line.split() for line in open("/proc/self/smaps_rollup")]
except OSError:
    lines = []
sizes = {line[0]: int(line[1]) for line in lines if line[0] in ("Rss:", "Pss:")}
print(took * 1000, sizes.get("Rss:", 0) / 1024, sizes.get("Pss:", 0) / 1024)
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is imported, and the import path that it sees."""

    name: str
    code: str
    path: tuple[str, ...]
    service: str = "benchmark"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Of one case. The ratios compare with bare boto3: best with best, median with median."""

    name: str
    best_ms: float
    median_ms: float
    best_ratio: float
    median_ratio: float
    rss_mb: float
    pss_mb: float


def cases(root: Path, services: Iterable[str]) -> list[Case]:
    """Bare boto3 first: it is what the others are compared with."""
    deps = (str(root / "layers" / "deps" / "python"),)
    chosen = set(services)
    handlers = [found for found in discover() if not chosen or found.service in chosen]
    return [
        Case(name="boto3", code=BOTO3, path=(sysconfig.get_path("purelib"),)),
        Case(name="boto3 in the layer", code=BOTO3, path=deps),
        Case(name="layer", code=EVERYTHING, path=deps),
        *(_case(handler, root) for handler in handlers),
    ]


def _case(handler: Handler, root: Path) -> Case:
    return Case(
        name=handler.module,
        code=f"import {handler.module}",
        path=tuple(handler.path(root)),
        service=handler.service,
    )


def measure(all_cases: list[Case], runs: int) -> list[Figure]:
    """Run every case `runs` times, in turns; a first round that fills caches is not counted."""
    samples: dict[str, list[tuple[float, float, float]]] = {case.name: [] for case in all_cases}
    for counted in (False, *[True] * runs):
        for case in all_cases:
            sample = run(case)
            if counted:
                samples[case.name].append(sample)
    base = [took for took, _, _ in samples[all_cases[0].name]]
    return [_figure(case.name, samples[case.name], base) for case in all_cases]


def run(case: Case) -> tuple[float, float, float]:
    """Milliseconds, RSS and PSS in MB of one import in a new interpreter."""
    command = [sys.executable, "-I", "-S", "-c", MEASURE, case.code, *case.path]
    done = subprocess.run(
        command, env=environment(case.service), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"{case.name} cannot be imported: {done.stderr.strip()[-500:]}")
    took, rss, pss = map(float, done.stdout.split()[-3:])
    return took, rss, pss


def _figure(name: str, samples: list[tuple[float, float, float]], base: list[float]) -> Figure:
    times, rss, pss = zip(*samples, strict=True)
    median = statistics.median(times)
    return Figure(
        name=name,
        best_ms=round(min(times), 1),
        median_ms=round(median, 1),
        best_ratio=round(min(times) / min(base), 2),
        median_ratio=round(median / statistics.median(base), 2),
        rss_mb=round(statistics.median(rss), 1),
        pss_mb=round(statistics.median(pss), 1),
    )


def table(figures: list[Figure]) -> str:
    """One line per case, aligned."""
    width = max(len(figure.name) for figure in figures)
    head = f"{'':{width}}  best ms  median ms  x best  x median  RSS MB  PSS MB"
    lines = [
        f"{f.name:{width}}  {f.best_ms:7.0f}  {f.median_ms:9.0f}  {f.best_ratio:6.2f}"
        f"  {f.median_ratio:8.2f}  {f.rss_mb:6.1f}  {f.pss_mb:6.1f}"
        for f in figures
    ]
    return "\n".join([head, *lines])


def main(arguments: list[str] | None = None) -> int:
    """Exit 1 when `--limit` is given and a median is more than that many times boto3's."""
    parser = argparse.ArgumentParser(description="Import time of every handler beside boto3.")
    parser.add_argument("services", nargs="*", metavar="SERVICE")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--limit", type=float)
    options = parser.parse_args(arguments)
    root = build("host").root
    figures = measure(cases(root, options.services), options.runs)
    print(json.dumps([asdict(f) for f in figures], indent=2) if options.json else table(figures))
    slow = [f.name for f in figures[2:] if options.limit and f.median_ratio > options.limit]
    if slow:
        print(f"Slower than {options.limit} x boto3: {', '.join(slow)}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
