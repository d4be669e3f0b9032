"""`python -m tests.faults`: run (default), replay <schedule>…, pairs, hunt <journey>…, list."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A defect is a patched copy of the sources: it stands before the real ones.
SOURCES = Path(os.environ.get("CARTWRIGHT_SOURCES") or ROOT)
sys.path[:0] = [str(SOURCES / "functions"), str(SOURCES / "layers" / "shop" / "python"), str(ROOT)]

import tests.conftest  # noqa: E402, F401  # the environment of all tests, before the functions
from tests.faults.command import main  # noqa: E402


def _from_elsewhere() -> list[str]:
    """Modules of the platform that are not those of SOURCES: a defect in them was not tried."""
    files = [str(getattr(module, "__file__", None) or "") for module in [*sys.modules.values()]]
    real = (str(ROOT / "functions"), str(ROOT / "layers"))
    return [file for file in files if SOURCES != ROOT and file.startswith(real)]


if __name__ == "__main__":
    code = main(sys.argv[1:])
    if wrong := _from_elsewhere():
        sys.stderr.write(f"error: {wrong[0]} was imported in place of its copy in {SOURCES}\n")
        code = 2
    raise SystemExit(code)
