"""The invariants of all services: each `<service>/invariants.py` beside this service's own folder.

In the tree that is `functions/`; in the asset, where the build puts those modules.
"""

import functools
import importlib
from pathlib import Path

from operations.domain.registry import Registry

HERE = Path(__file__).resolve().parents[2]


@functools.cache
def declared() -> Registry:
    """Found by their files: a service that is added is in no list."""
    services = sorted(path.parent.name for path in HERE.glob("*/invariants.py"))
    found = {name: importlib.import_module(f"{name}.invariants") for name in services}
    return Registry({name: module.INVARIANTS for name, module in found.items()})
