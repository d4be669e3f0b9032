"""The emulator: `python EMBEDDED HOME`. Run by its path: nothing is installed."""

import importlib
import os
import runpy
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Run the emulator of the platform in the folder HOME."""
    home = Path(sys.argv.pop())
    sys.path[0] = str(Path(__file__).parents[3])
    key = _ours("credentials").read(home)
    # What the emulator takes for its root. Functions get the keys of their roles in its place.
    os.environ["AWS_ACCESS_KEY_ID"] = key.access_key_id
    os.environ["AWS_SECRET_ACCESS_KEY"] = key.secret_access_key
    saving = _ours("embedded.saving")
    persistence = importlib.import_module("ministack.core.persistence")
    saving.start_from_newest(persistence, home)
    _fork_workers()
    app: Any = importlib.import_module("ministack.app")
    gate = _ours("embedded.gate").Gate(app.app, key, _ours("settings").API_PATH)
    gate.on_startup = saving.Saver(app, persistence, gate, home).start
    app.app = gate
    del sys.path[0]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)


def _ours(name: str) -> Any:
    return importlib.import_module(f"tools.local.{name}")


def _fork_workers() -> None:
    runtime = importlib.import_module("ministack.core.lambda_runtime")
    watched = _ours("workers.limits").Limits(runtime)
    _ours("workers.client").install(runtime, watched.make_room)
    watched.watch()


if __name__ == "__main__":
    main()
