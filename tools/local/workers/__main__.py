"""The emulator, with workers that are forked. Run by its path: nothing is installed."""

import importlib
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run the emulator."""
    sys.path[0] = str(Path(__file__).parents[3])
    client = importlib.import_module("tools.local.workers.client")
    limits = importlib.import_module("tools.local.workers.limits")
    runtime = importlib.import_module("ministack.core.lambda_runtime")
    watched = limits.Limits(runtime)
    client.install(runtime, watched.make_room)
    watched.watch()
    del sys.path[0]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
