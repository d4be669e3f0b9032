"""The CDK app: stages, constructs (our defaults, once) and stacks. Imports no runtime code."""

import sys
from pathlib import Path

# Services declare themselves in the terms of `shop.deploy`, which is all that is used of it.
_KERNEL = str(Path(__file__).resolve().parent.parent / "layers" / "shop" / "python")
if _KERNEL not in sys.path:
    sys.path.append(_KERNEL)
