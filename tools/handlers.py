"""Every Lambda handler of the repository, found by where its file lies, and what it runs with."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("api/*.py", "consumers/*.py", "jobs/*.py", "steps/__init__.py", "authorizer.py")
TABLES = ("identity", "catalog", "inventory", "orders", "payments", "ledger", "balances", "audit")


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
    for service in sorted((root / "functions").glob("*")):
        found = [path for place in PLACES for path in sorted(service.glob(place))]
        for path in found:
            parts = path.relative_to(root / "functions").with_suffix("").parts
            if parts[-1] == "__init__" and parts[-2] != "steps":
                continue
            module = ".".join(part for part in parts if part != "__init__")
            yield Handler(service=service.name, module=module)


def layers_of(service: str, root: Path = ROOT) -> list[str]:
    """The layers of a service, in Lambda's order."""
    table: dict[str, list[str]] = json.loads((root / "layers" / "layers.json").read_text())
    return table.get(service, table["default"])


def environment(service: str) -> dict[str, str]:
    """Every variable that infra may give a function, with values that lead nowhere."""
    account = "us-east-1:000000000000"
    return {
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
        "RELAY_DLQ_URL": "https://sqs.test/relay",
        "CHECKOUT_MACHINE_ARN": f"arn:aws:states:{account}:stateMachine:checkout",
        "TOKEN_KEY_ARN": f"arn:aws:kms:{account}:key/token",
        "EMAIL_MAC_KEY_ARN": f"arn:aws:kms:{account}:key/mac",
        "TOKEN_ISSUER": "https://issuer.test",
        "TOKEN_AUDIENCE": "cartwright-api",
        "PSP_SECRET_ARN": f"arn:aws:secretsmanager:{account}:secret:psp",
        "STRIPE_API_BASE": "https://psp.test",
        **{
            f"STREAM_{name.upper()}": f"arn:aws:dynamodb:{account}:table/{name}/stream/1"
            for name in TABLES
        },
        **{f"TABLE_{name.upper()}": f"cartwright-test-{name}" for name in TABLES},
    }
