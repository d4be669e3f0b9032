"""`python -m tools.shopctl`."""

import sys
from pathlib import Path

KERNEL = Path(__file__).resolve().parents[2] / "layers/shop/python"
if str(KERNEL) not in sys.path:
    sys.path.insert(0, str(KERNEL))

from tools.shopctl.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
