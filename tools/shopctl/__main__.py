"""`python -m tools.shopctl`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for folder in ("functions", "layers/shop/python"):
    if str(ROOT / folder) not in sys.path:
        sys.path.insert(0, str(ROOT / folder))

from tools.shopctl.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
