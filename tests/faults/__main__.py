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

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
