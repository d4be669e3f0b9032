"""Synthesized templates as plain data: no CDK."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Resource:
    """A resource of a template."""

    stack: str
    id: str
    type: str
    raw: dict[str, Any]

    @property
    def properties(self) -> dict[str, Any]:
        """Its properties."""
        found: dict[str, Any] = self.raw.get("Properties", {})
        return found

    def __str__(self) -> str:
        return f"{self.stack}/{self.id}"


class Assembly:
    """All stacks of one stage."""

    def __init__(self, folder: Path) -> None:
        self.templates = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in sorted(folder.glob("*.template.json"))
        }
        stacks = json.loads((folder / "manifest.json").read_text())["artifacts"]
        # The stacks that are deployed before each one.
        self.needs = {
            name: [near for near in stacks[name].get("dependencies", []) if near in self.templates]
            for name in self.templates
        }
        first = next(name for name in self.templates)
        environment = str(stacks[first]["environment"])
        self.account, self.region = environment.removeprefix("aws://").split("/")
        # The first part of all physical names: cartwright-<stage>.
        self.prefix = str(stacks[first]["properties"]["stackName"]).removesuffix(f"-{first}")

    def all(self, type_: str) -> list[Resource]:
        """The resources of a type, in all stacks."""
        return [resource for resource in self if resource.type == type_]

    def __iter__(self) -> Iterator[Resource]:
        for stack, template in self.templates.items():
            for id_, raw in template["Resources"].items():
                yield Resource(stack, id_, raw["Type"], raw)

    def find(self, stack: str, id_: str) -> Resource | None:
        """The resource of a logical id; None for a parameter or pseudo-parameter."""
        raw = self.templates[stack]["Resources"].get(id_)
        return None if raw is None else Resource(stack, id_, raw["Type"], raw)

    def target(self, stack: str, reference: Any) -> Resource:
        """The resource of the same stack that a Ref or Fn::GetAtt names."""
        found = self.find(stack, reference.get("Ref") or reference["Fn::GetAtt"][0])
        if found is None:
            raise KeyError(f"{stack}: {reference}")
        return found

    def parameter(self, stack: str, id_: str) -> tuple[str, Any] | None:
        """The stack and value of what another stack publishes and this one reads; None if none."""
        name = self.templates[stack].get("Parameters", {}).get(id_, {}).get("Default")
        for published in self.all("AWS::SSM::Parameter"):
            if name is not None and published.properties["Name"] == name:
                return published.stack, published.properties["Value"]
        return None

    def exports(self) -> dict[str, tuple[str, Any]]:
        """What stacks export: the stack and the value, by the export's name."""
        return {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in self.templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }


def many(value: Any) -> list[Any]:
    """One or several, as a list: IAM and CloudFormation take both."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A value with intrinsic functions, flattened so that it can be searched."""
    return value if isinstance(value, str) else json.dumps(value)
