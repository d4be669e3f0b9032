"""Every Lambda handler of the repository, as the services declare it, and what it runs with."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.project import Project

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "us-east-1:000000000000"


@dataclass(frozen=True, kw_only=True)
class Handler:
    """`<module>.handler` of a service."""

    service: str
    module: str

    def path(self, build: Path) -> list[str]:
        """The import path that Lambda gives it, in `build/<platform>`: its asset and its layers."""
        layers = [build / "layers" / name / "python" for name in layers_of(self.service)]
        return [str(folder) for folder in (build / "functions" / self.service, *layers)]


def discover(root: Path = ROOT) -> Iterator[Handler]:
    """Yield every handler, by service and module."""
    declared = Project(root=root).platform().functions.values()
    for each in sorted(declared, key=lambda each: (each.service, each.place)):
        yield Handler(service=each.service, module=each.module)


def layers_of(service: str, root: Path = ROOT) -> list[str]:
    """The layers of a service, in Lambda's order."""
    table: dict[str, list[str]] = json.loads((root / "layers" / "layers.json").read_text())
    return table.get(service, table["default"])


def environment(service: str) -> dict[str, str]:
    """Every variable that infra may give a function, with values that lead nowhere."""
    return {
        **variables(),
        **_tables(),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": f"cartwright-test-{service}",
        "STAGE": "test",
        "HOME_REGION": "us-east-1",
        "LOG_LEVEL": "INFO",
        "ERRORS_URL": "https://errors.test",
        "POWERTOOLS_SERVICE_NAME": service,
        "POWERTOOLS_METRICS_NAMESPACE": "Cartwright/test",
        "BUS_NAME": "cartwright-test",
    }


def variables() -> Mapping[str, str]:
    """What the services' functions find their resources by, besides tables."""
    platform = Project().platform()
    found: dict[str, str] = {}
    for service in platform.services.values():
        found |= service.variables
    for each in platform.functions.values():
        if each.parks:
            found[each.parks] = f"https://sqs.test/{each.name}"
        for name in (*each.runs, *each.starts):
            arn = f"arn:aws:states:{ACCOUNT}:stateMachine:{name}"
            found[f"{name.upper()}_MACHINE_ARN"] = arn
    return found


def _tables() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in Project().platform().tables:
        found[f"TABLE_{name.upper()}"] = f"cartwright-test-{name}"
        found[f"STREAM_{name.upper()}"] = f"arn:aws:dynamodb:{ACCOUNT}:table/{name}/stream/1"
    return found
