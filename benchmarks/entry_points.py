"""What a route imports before it serves: our entry point beside Powertools' resolver.

    python -m benchmarks.entry_points [--runs N]

Both have the layer as it ships, a table, a logger and schemas, which every route needs. The layer
leaves the resolver out, so here Powertools is the whole package.
"""

import argparse
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from benchmarks.import_time import MEASURE
from tools.build import build
from tools.handlers import environment

BASE = "import shop.tables, shop.telemetry, shop.schemas, shop.problems\n"
RESOLVER = "from aws_lambda_powertools.event_handler import APIGatewayRestResolver as Resolver\n"
CASES = {
    "table, logger, schemas": BASE,
    "shop.http": BASE + "import shop.http",
    "resolver": BASE + RESOLVER + "Resolver()",
    "resolver with validation": BASE + RESOLVER + "Resolver(enable_validation=True)",
}


def main(arguments: list[str] | None = None) -> int:
    """Best and median of `--runs`, in turns; the first round fills caches and is not counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs: int = parser.parse_args(arguments).runs
    layers = build("host").root / "layers"
    samples: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as folder:
        whole = _with_all_of_powertools(layers / "deps" / "python", Path(folder))
        for number in range(runs + 1):
            for name, code in CASES.items():
                milliseconds = _import(code, [str(whole), str(layers / "shop" / "python")])
                samples[name] += [milliseconds] if number else []
    base = min(samples["table, logger, schemas"])
    for name, took in samples.items():
        best, median = min(took), statistics.median(took)
        print(f"{name:26} best {best:4.0f}  median {median:4.0f} ms  best x {best / base:.2f}")
    return 0


def _with_all_of_powertools(layer: Path, folder: Path) -> Path:
    name = "aws_lambda_powertools"
    for found in layer.iterdir():
        if found.name != name:
            (folder / found.name).symlink_to(found)
    (folder / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    return folder


def _import(code: str, path: list[str]) -> float:
    command = [sys.executable, "-I", "-S", "-c", MEASURE, code, *path]
    done = subprocess.run(
        command, env=environment("benchmark"), capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[0])


if __name__ == "__main__":
    sys.exit(main())
