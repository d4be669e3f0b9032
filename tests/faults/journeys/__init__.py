"""All journeys: every module of this package is read, so a journey joins by being written."""

import importlib
import pkgutil

from tests.faults.journeys.registry import JOURNEYS, Journey, ended

for module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{module.name}")

__all__ = ["JOURNEYS", "Journey", "ended"]
