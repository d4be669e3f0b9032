"""Routes that come, go and change on an emulator that keeps its state, as under `make run`.

No function is deployed: where a request would get to one, the emulator says that there is none.
"""

import copy
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from infra.project import ROOT
from tests.e2e.platform import free_settings
from tools.local import deployment, emulator
from tools.local.commands import run
from tools.local.progress import Progress
from tools.local.settings import Settings

NO_ROUTE, NO_TOKEN = 404, 401


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """An emulator of its own, without the platform."""
    made = free_settings(psutil.Process().pid)
    shutil.rmtree(made.state, ignore_errors=True)
    start(made)
    yield made
    emulator.stop(made)
    shutil.rmtree(made.home, ignore_errors=True)


def start(settings: Settings) -> None:
    emulator.launch(settings)
    emulator.wait_ready(settings)


def deploy(settings: Settings, contract: dict[str, Any], folder: Path) -> None:
    """The stacks of the API with this contract."""
    file = folder / "contract.json"
    file.write_text(json.dumps(contract))
    out = deployment.output(settings)
    shutil.rmtree(out, ignore_errors=True)
    run(
        [
            *(sys.executable, "-m", "tests.infra.gateways", "local"),
            *(str(settings.port), str(file), str(out)),
        ],
        settings,
        log="synth",
        failure="The API does not synthesize",
    )
    deployment.deploy(settings, Progress(quiet=True).say)


def status(settings: Settings, method: str, path: str) -> int:
    base = f"{settings.endpoint_url}/_aws/execute-api/cartwright/local"
    return requests.request(method, base + path, timeout=20).status_code


def test_routes_come_go_and_change_where_others_stay(settings: Settings, tmp_path: Path) -> None:
    before = json.loads((ROOT / "docs" / "openapi.json").read_text())
    deploy(settings, before, tmp_path)
    assert status(settings, "GET", "/orders") == NO_TOKEN
    assert status(settings, "PUT", "/orders") == NO_ROUTE
    assert status(settings, "POST", "/orders/x/cancel") == NO_TOKEN
    assert status(settings, "GET", "/accounts/x/orders") == NO_ROUTE
    answered = status(settings, "GET", "/products")
    assert answered not in {NO_ROUTE, NO_TOKEN}

    emulator.stop(settings)
    start(settings)
    after = copy.deepcopy(before)
    orders = after["paths"]["/orders"]
    orders["put"] = {**orders["post"], "x-cartwright-function": "orders.replace_orders"}
    # Sorted before all others of its service: their places in lists move.
    after["paths"]["/accounts/{id}/orders"] = {"get": copy.deepcopy(orders["get"])}
    orders["get"]["x-cartwright-auth"] = "public"
    del after["paths"]["/orders/{order_id}/cancel"]
    deploy(settings, after, tmp_path)
    assert status(settings, "PUT", "/orders") == NO_TOKEN
    assert status(settings, "GET", "/accounts/x/orders") == NO_TOKEN
    assert status(settings, "GET", "/orders") == answered
    assert status(settings, "POST", "/orders") == NO_TOKEN
    assert status(settings, "POST", "/orders/x/cancel") == NO_ROUTE
    assert status(settings, "GET", "/orders/x") == NO_TOKEN
    assert status(settings, "GET", "/products") == answered
