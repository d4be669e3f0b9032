"""Synthesizes the API's stacks alone, from contracts that tests make; runs as its own process.

python -m tests.infra.gateways local PORT CONTRACT FOLDER    for an emulator
python -m tests.infra.gateways prod FOLDER                   what test_scale.py reads
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tools.access.synthesis import app  # isort: skip (sets up jsii)

from aws_cdk import App, CfnResource
from aws_cdk import aws_apigateway as apigw

from infra import problems
from infra.application import build_gateway
from infra.constructs import api_route
from infra.contract import routes
from infra.project import ROOT, Project
from infra.stacks import gateway
from infra.stages import PROD, Stage, local
from tests.infra.large import contract as large_contract

PRODUCTION = replace(PROD, policy_checks=False)


def made(contract: Mapping[str, Any], *, stage: Stage, out: Path) -> App:
    """The stacks of the API with this contract; every function that it names is taken to exist."""
    out.mkdir(parents=True, exist_ok=True)
    file = out.with_suffix(".contract.json")
    file.write_text(json.dumps(contract))
    functions = frozenset(route.function for route in routes(contract))
    result = app(stage, out)
    build_gateway(result, stage=stage, project=Project(openapi=file), functions=functions)
    return result


def deployment_id(contract: Mapping[str, Any], out: Path) -> str:
    """The logical id of the deployment."""
    edge = made(contract, stage=PRODUCTION, out=out).node.find_child("edge")
    deployment = edge.node.find_child("Deployment")
    assert isinstance(deployment, CfnResource)
    return str(edge.resolve(deployment.logical_id))  # type: ignore[attr-defined]


def real() -> dict[str, Any]:
    """The contract of this repository."""
    found: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text())
    return found


def _route(contract: dict[str, Any]) -> None:
    contract["paths"]["/orders"]["put"] = {
        **contract["paths"]["/orders"]["post"],
        "x-cartwright-function": "orders.replace_order",
    }


def _model(contract: dict[str, Any]) -> None:
    contract["components"]["schemas"]["PlaceOrderIn"]["required"] = []


def _removed(contract: dict[str, Any]) -> None:
    del contract["paths"]["/orders/{order_id}/cancel"]


def _function(contract: dict[str, Any]) -> None:
    contract["paths"]["/orders"]["post"]["x-cartwright-function"] = "orders.order_placed"


def _access(contract: dict[str, Any]) -> None:
    contract["paths"]["/orders"]["get"]["x-cartwright-auth"] = "public"


def _key(contract: dict[str, Any]) -> None:
    contract["paths"]["/orders"]["post"]["x-cartwright-idempotent"] = False


CONTRACT_CHANGES: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "a route is added": _route,
    "a route is removed": _removed,
    "a model changes": _model,
    "a route has another function": _function,
    "a route needs no token": _access,
    "a route needs no key": _key,
}


@contextmanager
def changed(type_: str, name: str, value: Any) -> Iterator[None]:
    """One property of every resource of a type, as if the code said so."""
    kind = getattr(apigw, type_)
    original = kind.__init__

    def initialise(self: Any, *given: Any, **properties: Any) -> None:
        original(self, *given, **{**properties, name: value})

    with patch.object(kind, "__init__", initialise):
        yield


CODE_CHANGES: Mapping[str, Callable[[], Any]] = {
    "the authorizer's expression": lambda: patch.object(gateway, "BEARER", "^.*$"),
    "the authorizer's memory": lambda: changed(
        "CfnAuthorizer", "authorizer_result_ttl_in_seconds", 30
    ),
    "the authorizer's role": lambda: changed("CfnAuthorizer", "authorizer_credentials", "other"),
    "the validator": lambda: changed(
        "CfnRequestValidator", "validate_request_parameters", value=False
    ),
    "compression": lambda: changed("CfnRestApi", "minimum_compression_size", 1),
    "a gateway response": lambda: patch.dict(
        problems.GATEWAY_RESPONSES, {"THROTTLED": problems.FORBIDDEN}
    ),
    "headers that browsers may send": lambda: patch.object(
        api_route, "ALLOWED_HEADERS", ("Authorization",)
    ),
    "the integration's address": lambda: patch.object(
        api_route, "invocation_uri", lambda *_: "elsewhere"
    ),
}


def prod(folder: Path) -> None:
    """`large/`, and in ids.json the deployment's id after each change."""
    made(large_contract(), stage=PRODUCTION, out=folder / "large").synth()
    ids = {"nothing": deployment_id(real(), folder / "same")}
    ids["nothing at all"] = deployment_id(real(), folder / "again")
    for number, (name, change) in enumerate(CONTRACT_CHANGES.items()):
        contract = real()
        change(contract)
        ids[name] = deployment_id(contract, folder / f"contract-{number}")
    for number, (name, patched) in enumerate(CODE_CHANGES.items()):
        with patched():
            ids[name] = deployment_id(real(), folder / f"code-{number}")
    (folder / "ids.json").write_text(json.dumps(ids))


if __name__ == "__main__":
    if sys.argv[1] == "prod":
        prod(Path(sys.argv[2]))
    else:
        stage_ = local(port=int(sys.argv[2]), psp_port=int(sys.argv[2]) + 1)
        contract_ = json.loads(Path(sys.argv[3]).read_text())
        made(contract_, stage=stage_, out=Path(sys.argv[4])).synth()
