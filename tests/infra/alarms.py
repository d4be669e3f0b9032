"""The alarms of a stage, read from its templates: what they watch, and whom they tell."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.project import ROOT
from shop.deploy import Severity, discover
from tools.access.names import Names
from tools.access.templates import Assembly, Resource

# What is counted here is told by another alarm, always.
TOLD_BY = {
    metric: by for each in discover().services.values() for metric, by in each.told_by.items()
} | {
    "StepFault": "ExecutionsFailed",  # it raises
    "ServerError": "5XXError",
    "DependencyUnavailable": "5XXError",
    # Parked in the end; where it is about money, EventStuck tells long before.
    "EventFailed": "ApproximateNumberOfMessagesVisible",
    "EventVersionUnknown": "ApproximateNumberOfMessagesVisible",
}
Metric = tuple[str, str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Watch:
    """One alarm."""

    resource: Resource
    assembly: Assembly
    names: Names

    @property
    def given(self) -> Mapping[str, Any]:
        """Its properties."""
        return self.resource.properties

    @cached_property
    def name(self) -> str:
        """Without the stage: `orders-checkout-stuck`."""
        return str(self.given["AlarmName"]).split("-", 2)[2]

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Namespace, name and dimensions of each that it looks at, with physical names."""
        many = [each["MetricStat"]["Metric"] for each in self._parts if "MetricStat" in each]
        return tuple(
            (
                each["Namespace"],
                each["MetricName"],
                frozenset((d["Name"], self._text(d["Value"])) for d in each.get("Dimensions", ())),
            )
            for each in many or [self.given]
        )

    @property
    def _parts(self) -> list[Any]:
        return list(self.given.get("Metrics", ()))

    @cached_property
    def metric_names(self) -> set[str]:
        """`Errors`, `TokenRefused`."""
        return {name for _, name, _ in self.metrics}

    @cached_property
    def told(self) -> tuple[Severity, ...]:
        """The topics that hear when it rings."""
        return self._topics("AlarmActions")

    @cached_property
    def told_when_over(self) -> tuple[Severity, ...]:
        """The topics that hear when it is over."""
        return self._topics("OKActions")

    def _topics(self, key: str) -> tuple[Severity, ...]:
        stack = self.resource.stack
        found = [self.names.short(self.names.arn(stack, arn)) for arn in self.given.get(key, ())]
        known: Mapping[str, Severity] = {"topic/pages": "page", "topic/notices": "notice"}
        return tuple(known[topic] for topic in found)

    def _text(self, value: Any) -> str:
        stack = self.resource.stack
        if isinstance(value, dict) and "Fn::GetAtt" in value:
            return self.names.physical(self.assembly.target(stack, value))
        return self.names.arn(stack, value)


def alarms(stage: Assembly) -> dict[str, Watch]:
    """All of a stage, by name."""
    names = Names(stage)
    made = [Watch(resource, stage, names) for resource in stage.all("AWS::CloudWatch::Alarm")]
    found = {each.name: each for each in made}
    assert len(found) == len(made)
    return found


def counted(folder: Path = ROOT) -> dict[str, set[str]]:
    """Every metric that the code counts, with the services that do."""
    found: dict[str, set[str]] = {}
    for base in (folder / "functions", folder / "layers" / "shop" / "python" / "shop"):
        for path in sorted(base.rglob("*.py")):
            for name in counted_in(path):
                found.setdefault(name, set()).add(path.relative_to(base).parts[0])
    assert len(found) >= 12
    return found


def counted_in(path: Path) -> set[str]:
    """The metrics that a module counts."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            faults = [word.value for word in node.keywords if word.arg == "fault"]
            metric = getattr([*faults, *node.args][0], "value", None)
            named = isinstance(metric, str) and re.fullmatch("([A-Z][a-z]+)+", metric)
            if name in {"emit_metric", "report", "stream"} and named:
                found.add(str(metric))
    return found


def own(ringing: dict[str, Watch]) -> dict[str, Watch]:
    """Alarms on what our code counts, and on nothing else."""
    return {
        name: each
        for name, each in ringing.items()
        if all(namespace.startswith("Cartwright/") for namespace, _, _ in each.metrics)
        and name != "api-throttled"  # by a filter on the gateway's log
    }
