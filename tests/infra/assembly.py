"""Synthesized templates, as the tests of this folder read them: plain data, no CDK."""

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

    def all(self, type_: str) -> list[Resource]:
        """The resources of a type, in all stacks."""
        return [resource for resource in self if resource.type == type_]

    def __iter__(self) -> Iterator[Resource]:
        for stack, template in self.templates.items():
            for id_, raw in template["Resources"].items():
                yield Resource(stack, id_, raw["Type"], raw)

    def target(self, stack: str, reference: Any) -> Resource:
        """The resource of the same stack that a Ref or Fn::GetAtt names."""
        id_ = reference.get("Ref") or reference["Fn::GetAtt"][0]
        return Resource(
            stack,
            id_,
            self.templates[stack]["Resources"][id_]["Type"],
            self.templates[stack]["Resources"][id_],
        )

    def statements(self) -> Iterator[tuple[Resource, dict[str, Any]]]:
        """Every statement that gives rights to a role, with the role's or policy's resource."""
        for resource in self:
            documents = []
            if resource.type == "AWS::IAM::Role":
                documents = [
                    policy["PolicyDocument"] for policy in resource.properties.get("Policies", [])
                ]
            elif resource.type in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
                documents = [resource.properties["PolicyDocument"]]
            for document in documents:
                for statement in document["Statement"]:
                    yield resource, statement


def many(value: Any) -> list[Any]:
    """One or several, as a list: IAM and CloudFormation take both."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A value with intrinsic functions, flattened so that it can be searched."""
    return value if isinstance(value, str) else json.dumps(value)
