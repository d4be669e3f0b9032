"""All measurements, or those that are named: `python -m benchmarks latency cost`.

`latency` and `memory` need the running platform (`make up`); the rest needs nothing.
"""

import argparse
import subprocess
import sys
from pathlib import Path

MODULES = {
    "latency": "benchmarks.latency",
    "memory": "benchmarks.memory",
    "import_time": "benchmarks.import_time",
    "cost": "benchmarks.cost",
}
ROOT = Path(__file__).parents[1]


def main() -> int:
    """Command line. Every measurement is a process of its own: memory and imports are theirs."""
    parser = argparse.ArgumentParser(description="Measure the figures that the README states.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODULES))
    names = parser.parse_args().names or list(MODULES)
    if unknown := set(names) - set(MODULES):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    failed = [name for name in MODULES if name in names and not measure(name)]
    if failed:
        print(f"Failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def measure(name: str) -> bool:
    """Run one; whether it went well. One that fails does not keep the others from running."""
    print(f"\n{name}", flush=True)
    command = [sys.executable, "-m", MODULES[name]]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
