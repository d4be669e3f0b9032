"""Cuts the deps layer to what the functions use: smaller to unpack, faster to start, less memory.

What stays is named here, so that a need for more is one line. tests/contract/test_packaging.py
builds every client and imports every handler from the result. Figures: layers/README.md.
"""

import gzip
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# The AWS services that functions may call; botocore answers UnknownServiceError for any other.
SERVICES = (
    "cloudwatch",
    "dynamodb",
    "dynamodbstreams",
    "events",
    "kms",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "sesv2",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)

# `endpoints.json` names some services otherwise than botocore does.
ENDPOINT_PREFIXES = {
    *SERVICES,
    "email",
    "monitoring",
    "states",
    "streams.dynamodb",
}

# What no import of a function reaches, in any layer. A static test finds an import of these.
UNUSED = (
    "bin",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/metrics/provider/datadog",
    "boto3/data",
    "boto3/examples",
    "cffi",  # compiles bindings; those that are compiled need only _cffi_backend
    "dateutil/zoneinfo",
    "dns",  # email-validator asks it whether mail could be delivered, which nobody asks for
    "email_validator/deliverability.py",
    "pycparser",
    "pydantic/mypy.py",
    "pydantic/v1",
    "stripe/events",
    "stripe/params",  # types of arguments, for type checkers only
    "urllib3/contrib/emscripten",
)

# Of Powertools' utilities; Logger imports jmespath_utils when it is asked for a correlation id.
UTILITIES = {"__init__.py", "jmespath_utils", "serialization.py", "typing"}

# Left of a `.dist-info`: what importlib.metadata needs to answer, and the licence.
METADATA_KEPT = {"METADATA", "entry_points.txt", "licenses", "LICENSE", "LICENSE.txt", "NOTICE"}


def slim(python_dir: Path) -> None:
    """Cut the installed packages under `python_dir` in place."""
    for name in UNUSED:
        _remove(python_dir / name)
    for pattern in ("*.pyi", "*.pyx", "*.h", "*.c", ".lock"):
        for path in sorted(python_dir.rglob(pattern)):
            path.unlink()
    for tests in sorted(python_dir.glob("*/**/tests")):
        _remove(tests)
    for info in sorted(python_dir.glob("*.dist-info")):
        _keep_only(info, METADATA_KEPT)
    utilities = python_dir / "aws_lambda_powertools" / "utilities"
    if utilities.is_dir():
        _keep_only(utilities, UTILITIES)
    data = python_dir / "botocore" / "data"
    if data.is_dir():
        _slim_botocore(data)


def _slim_botocore(data: Path) -> None:
    for service in sorted(data.iterdir()):
        if not service.is_dir():
            continue
        if service.name not in SERVICES:
            shutil.rmtree(service)
            continue
        # Clients use the newest API version unless they ask for another.
        for old in sorted(service.iterdir())[:-1]:
            shutil.rmtree(old)
        for path in sorted(service.rglob("*-*.json*")):
            _slim_model(path)
    endpoints = data / "endpoints.json"
    _write(endpoints, _slim_endpoints(json.loads(endpoints.read_bytes())))


def _slim_model(path: Path) -> None:
    """Keep the API and its paginators, without prose; unpacked, as a cold start reads it."""
    if path.name.startswith(("examples-", "waiters-")):
        path.unlink()
        return
    packed = path.suffix == ".gz"
    content = gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
    path.unlink()
    _write(path.with_suffix("") if packed else path, without_documentation(json.loads(content)))


def without_documentation(node: Any) -> Any:
    """Drop every text under `documentation`. A member that has this name is a dict and stays, and
    so do those that botocore reads: of what a client of S3 may be configured by."""
    if isinstance(node, dict):
        return {
            key: value if key == "clientContextParams" else without_documentation(value)
            for key, value in node.items()
            if not (key == "documentation" and isinstance(value, str))
        }
    if isinstance(node, list):
        return [without_documentation(item) for item in node]
    return node


def _slim_endpoints(endpoints: dict[str, Any]) -> dict[str, Any]:
    """Keep the commercial partition and, of its services, ours."""
    aws = [part for part in endpoints["partitions"] if part["partition"] == "aws"]
    for part in aws:
        part["services"] = {
            name: service for name, service in part["services"].items() if name in ENDPOINT_PREFIXES
        }
    return {**endpoints, "partitions": aws}


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, separators=(",", ":"), ensure_ascii=False), "utf-8")


def _keep_only(folder: Path, names: Iterable[str]) -> None:
    for path in sorted(folder.iterdir()):
        if path.name not in names:
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
