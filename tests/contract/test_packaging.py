"""What is built runs as Lambda runs it: from nothing but its asset, its layers and the stdlib."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import artefacts
from tools import build as builder
from tools.handlers import ROOT, Handler, discover, environment, layers_of
from tools.lock import check

HANDLERS = list(discover())
SERVICES = sorted({handler.service for handler in HANDLERS})
CLIENTS = [
    "cloudwatch", "dynamodb", "dynamodbstreams", "events", "kms", "lambda", "logs",
    "s3", "secretsmanager", "sesv2", "sqs", "ssm", "stepfunctions", "sts",
]  # fmt: skip

PRELUDE = """
import json, sys
given = json.loads(sys.argv[1])
sys.path[:0] = given["path"]
import socket
def refuse(*_): raise AssertionError("an import must not open a connection")
socket.socket.connect = refuse
"""


@pytest.fixture(scope="module")
def built() -> Path:
    """`build/host`, up to date."""
    return builder.build("host").root


def run_isolated(code: str, path: list[str], service: str = "test", **given: object) -> str:
    """Run code in a new interpreter that sees `path` and the stdlib only; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PRELUDE + code, json.dumps({"path": path, **given})],
        env=environment(service), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.module)
@pytest.mark.slow
def test_handler_imports_from_its_asset_and_layers_alone(built: Path, handler: Handler) -> None:
    code = """
import importlib
assert callable(importlib.import_module(given["module"]).handler)
"""
    run_isolated(code, handler.path(built), handler.service, module=handler.module)


def python(folder: Path) -> Iterator[Path]:
    """What is shipped of it and has imports."""
    return (path for path in artefacts.shipped(folder) if path.suffix == ".py")


@pytest.mark.parametrize("service", SERVICES)
def test_every_import_of_a_service_is_packaged_even_a_late_one(built: Path, service: str) -> None:
    """An import inside a function would otherwise fail at the first request that reaches it."""
    sources = [*python(ROOT / "functions" / service)]
    imports = sorted({found for path in sources for found in imported(path)})
    handler = Handler(service=service, module="")
    run_isolated(RESOLVE, handler.path(built), service, imports=imports)


def test_the_auditor_finds_the_invariants_of_every_service_in_its_asset(built: Path) -> None:
    code = """
from operations.repository.registry import declared
print(json.dumps(sorted(declared().said)))
"""
    found = run_isolated(code, Handler(service="operations", module="").path(built), "operations")
    assert json.loads(found) == SERVICES


def test_every_import_of_the_kernel_is_packaged(built: Path) -> None:
    sources = python(ROOT / "layers" / "shop" / "python")
    imports = sorted({found for path in sources for found in imported(path)})
    # What it imports for some functions alone is in a layer of theirs.
    layers = {*layers_of("any"), "personal"}
    path = [str(built / "layers" / name / "python") for name in sorted(layers)]
    run_isolated(RESOLVE, path, imports=imports)


RESOLVE = """
import importlib
for module, name in given["imports"]:
    found = importlib.import_module(module)
    if name and name != "*" and not hasattr(found, name):
        importlib.import_module(f"{module}.{name}")
"""


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of each absolute import that runs; the name is empty for `import x`."""
    for node in running(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below `node` without those that only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from running(child)


def test_deps_layer_builds_every_client_that_the_functions_use(built: Path) -> None:
    code = """
import boto3, botocore.session
session = botocore.session.get_session()
for name in given["clients"]:
    client = session.create_client(name)
    assert client.meta.service_model.operation_names, name
    assert client.meta.endpoint_url.startswith("https://"), name
    boto3.client(name)
print(",".join(session.get_available_services()))
"""
    printed = run_isolated(code, [str(built / "layers" / "deps" / "python")], clients=CLIENTS)

    assert printed.strip().split(",") == CLIENTS


def test_deps_layer_writes_logs_metrics_and_dynamodb_requests(built: Path) -> None:
    code = """
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
import botocore.awsrequest
from pynamodb.connection import Connection
Logger(service="test").info("hello", extra={"key": 1})
with single_metric(name="Tried", unit=MetricUnit.Count, value=1, namespace="Cartwright"):
    pass
connection = Connection(region="us-east-1")
def answer(request, **_):
    body = b'{"Item": {"pk": {"S": "x"}}, "TableNames": []}'
    class Raw:
        def stream(self): yield body
    return botocore.awsrequest.AWSResponse(request.url, 200, {}, Raw())
connection.client.meta.events.register_first("before-send.dynamodb", answer)
print(connection.list_tables())
"""
    printed = run_isolated(code, [str(built / "layers" / "deps" / "python")])

    assert '"message":"hello"' in printed
    assert '"Tried"' in printed
    assert "TableNames" in printed


def test_identity_layers_hash_passwords_and_verify_tokens(built: Path) -> None:
    code = """
import argon2
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
assert hasher.verify(hasher.hash("correct horse"), "correct horse")
key = ECKey.generate_key("P-256", {"kid": "1", "use": "sig", "alg": "ES256"}, private=True)
token = jwt.encode({"alg": "ES256", "kid": "1"}, {"sub": "usr"}, key)
public = KeySet.import_key_set(KeySet([key]).as_dict(private=False))
assert jwt.decode(token, public, algorithms=["ES256"]).claims == {"sub": "usr"}
"""
    run_isolated(code, Handler(service="identity", module="").path(built))


def test_payments_layers_hold_a_working_stripe_client(built: Path) -> None:
    code = """
import hashlib, hmac, time
import stripe
client = stripe.StripeClient("sk_test_x", base_addresses={"api": "http://127.0.0.1:9"})
client.v1.payment_methods, client.v1.refunds, stripe.CardError
try:
    client.v1.payment_intents.create({"amount": 100, "currency": "eur"})
except (stripe.APIConnectionError, AssertionError):
    pass
body = '{"id": "evt_1", "object": "event", "type": "t", "data": {"object": {"object": "charge"}}}'
now = int(time.time())
mac = hmac.new(b"whsec", f"{now}.{body}".encode(), hashlib.sha256).hexdigest()
event = stripe.Webhook.construct_event(body, f"t={now},v1={mac}", "whsec")
assert type(event.data.object) is stripe.Charge
"""
    run_isolated(code, Handler(service="payments", module="").path(built))


@pytest.mark.slow
def test_layers_for_aws_hold_arm64_binaries_of_its_python_only() -> None:
    folder = builder.build_layer("deps", "aws")
    binaries = [path for path in folder.rglob("*") if ".so" in path.suffixes]

    assert binaries
    for path in binaries:
        assert path.read_bytes()[18:20] == (0xB7).to_bytes(2, "little"), path.name
        assert "cpython-313-aarch64" in path.name or ".abi3." in path.name


def test_layers_table_names_layers_that_are_built(built: Path) -> None:
    table = json.loads((ROOT / "layers" / "layers.json").read_text())

    for service, layers in table.items():
        assert all((built / "layers" / name / "python").is_dir() for name in layers), service


def test_every_lock_pins_the_same_versions() -> None:
    assert list(check()) == []
