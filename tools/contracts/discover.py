"""Finds the routes and events of all services by importing their modules."""

import importlib
import inspect
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.handlers import variables

ROOT = Path(__file__).resolve().parents[2]
# Route modules check their settings when they are imported; what is generated does not depend on
# these values.
for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "HOME_REGION"):
    os.environ.setdefault(name, "us-east-1")
for name, value in {"STAGE": "contracts", **variables()}.items():
    os.environ.setdefault(name, value)
for folder in ("functions", "layers/shop/python"):
    if str(ROOT / folder) not in sys.path:
        sys.path.insert(0, str(ROOT / folder))

from shop.deploy import discover  # noqa: E402
from shop.events import EventData  # noqa: E402
from shop.http import Route  # noqa: E402
from shop.problems import ProblemType  # noqa: E402


@dataclass(frozen=True)
class Operation:
    """A route and where it lives: `orders`, `place_order`."""

    service: str
    name: str
    route: Route

    @property
    def function(self) -> str:
        """How infra names the function."""
        return f"{self.service}.{self.name}"


def services() -> list[str]:
    """All services."""
    return sorted(discover().services)


def operations() -> list[Operation]:
    """Every route, ordered by path and method."""
    found = []
    for service in services():
        for file in sorted((ROOT / "functions" / service / "api").glob("[a-z]*.py")):
            module = importlib.import_module(f"{service}.api.{file.stem}")
            found.append(Operation(service, file.stem, module.ROUTE))
    return sorted(found, key=lambda op: (op.route.path, op.route.method))


def problem_types() -> list[ProblemType]:
    """Every type that a service or the kernel makes, by status and code; one per code."""
    found: dict[str, ProblemType] = {}
    named = [f"{name}.problems" for name in services() if _has(name, "problems.py")]
    for module in ["shop.problems", "shop.checkout_problems", *named]:
        for value in vars(importlib.import_module(module)).values():
            if isinstance(value, ProblemType) and found.setdefault(value.code, value) != value:
                raise SystemExit(f"{module} says something else of the problem '{value.code}'.")
    return sorted(found.values(), key=lambda kind: (kind.status, kind.code))


def _has(service: str, name: str) -> bool:
    return (ROOT / "functions" / service / name).exists()


def events() -> dict[str, list[type[EventData]]]:
    """The events that each service publishes: classes of its events.py that carry a TYPE."""
    found = {}
    for service in services():
        if not _has(service, "events.py"):
            continue
        module = importlib.import_module(f"{service}.events")
        found[service] = sorted(
            (
                cls
                for _, cls in inspect.getmembers(module, inspect.isclass)
                if issubclass(cls, EventData)
                and "TYPE" in vars(cls)
                and cls.__module__ == module.__name__
                and not getattr(cls, "FOREIGN", False)
            ),
            key=lambda cls: cls.TYPE,
        )
    return found
