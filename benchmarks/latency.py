"""Latency and throughput of the buying path on the running platform, beside the emulator's share.

`make bench` (or `python -m benchmarks.latency`) needs `make up`. In one run it measures an empty
function and an empty EXPRESS execution on the same emulator, then the routes, with 1 and 8 clients.
"""

import argparse
import io
import json
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.client import ADDRESS, Figures, Platform, measure, new_key

NAME = "cartwright-benchmark-empty"
BORROWED = "cartwright-local-operations-health"  # whose role the empty ones have
CODE = "def handler(event, context):\n    print('{}')\n    return {}\n"


class Emulator:
    """The same emulator, doing nothing: what remains is its own share."""

    def __init__(self, platform: Platform) -> None:
        session = boto3.session.Session(
            region_name=platform.region,
            aws_access_key_id=platform.key.access_key_id,
            aws_secret_access_key=platform.key.secret_access_key,
        )
        self.functions = session.client("lambda", endpoint_url=platform.endpoint_url)
        # Synchronous executions have a host prefix, which makes no sense before an address.
        plain = Config(inject_host_prefix=False)
        self.machines = session.client(
            "stepfunctions", endpoint_url=platform.endpoint_url, config=plain
        )
        self.machine_arn = ""

    def __enter__(self) -> "Emulator":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("empty.py", CODE)
        role = self.functions.get_function_configuration(FunctionName=BORROWED)["Role"]
        self.functions.create_function(
            FunctionName=NAME, Runtime="python3.11", Role=role, Handler="empty.handler",
            Code={"ZipFile": archive.getvalue()},
        )  # fmt: skip
        definition = {"StartAt": "Nothing", "States": {"Nothing": {"Type": "Pass", "End": True}}}
        self.machine_arn = self.machines.create_state_machine(
            name=NAME, type="EXPRESS", roleArn=role, definition=json.dumps(definition)
        )["stateMachineArn"]
        return self

    def __exit__(self, *_: object) -> None:
        self.functions.delete_function(FunctionName=NAME)
        self.machines.delete_state_machine(stateMachineArn=self.machine_arn)

    def invoke(self, _: Any) -> None:
        """An empty function."""
        self.functions.invoke(FunctionName=NAME, Payload=b"{}")["Payload"].read()

    def execute(self, _: Any) -> None:
        """An empty execution."""
        self.machines.start_sync_execution(stateMachineArn=self.machine_arn, input="{}")


class Shop:
    """A buyer's requests. Each raises if the answer is not the expected one."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.token = platform.sign_in("customer")
        _, page = self.expect(200, "GET", "/products?limit=100")
        self.skus = [v["sku"] for product in page["data"] for v in product["variants"]]
        lines = [{"sku": sku, "quantity": 1} for sku in self.skus[:100]]
        _, stock = self.expect(200, "POST", "/inventory/check", {"lines": lines})
        self.skus = [x["sku"] for x in stock["lines"] if x["available_quantity"] > 50]

    def expect(self, status: int, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """Send; SystemExit unless the answer has this status."""
        found = self.platform.call(method, path, body, token=self.token, key=key)
        if found[0] != status:
            raise SystemExit(f"{method} {path} answered {found[0]}: {found[1]}")
        return found

    def _lines(self, number: int) -> list[dict[str, Any]]:
        return [{"sku": self.skus[number % len(self.skus)], "quantity": 1}]

    def browse(self, _: Any) -> None:
        """A page of 20 products with prices."""
        self.expect(200, "GET", "/products?limit=20")

    def order(self, number: int) -> str:
        """An order of one line; its id."""
        body = {"lines": self._lines(number), "shipping_address": ADDRESS}
        _, order = self.expect(201, "POST", "/orders", body, new_key())
        return str(order["order_id"])

    def pay(self, order_id: str) -> None:
        """Pay a placed order."""
        body = {"order_id": order_id, "payment_method": "pm_card_visa"}
        self.expect(201, "POST", "/payments", body, new_key())

    def checkout(self, number: int) -> None:
        """Order and payment in one request."""
        body = {"lines": self._lines(number), "address": ADDRESS, "payment_method": "pm_card_visa"}
        self.expect(201, "POST", "/checkout", body, new_key())


def run(platform: Platform, scale: int) -> list[Figures]:
    """All measurements, each work warmed up with the clients that it will have."""
    shop = Shop(platform)
    found = []
    with Emulator(platform) as emulator:
        for clients in (1, 8):
            count = scale * (1 if clients == 1 else 3)
            works: list[tuple[str, Callable[[Any], Any], list[Any]]] = [
                ("empty function", emulator.invoke, list(range(count * 2))),
                ("empty execution", emulator.execute, list(range(count))),
                ("GET /products", shop.browse, list(range(count * 4))),
                ("POST /orders", shop.order, list(range(count))),
                ("POST /checkout", shop.checkout, list(range(count))),
            ]
            for name, work, items in works:
                measure(name, work, items[: clients * 2], clients)
                found.append(measure(name, work, items, clients))
                print(_line(found[-1]), flush=True)
            orders = [shop.order(number) for number in range(count + clients * 2)]
            measure("POST /payments", shop.pay, orders[: clients * 2], clients)
            found.append(measure("POST /payments", shop.pay, orders[clients * 2 :], clients))
            print(_line(found[-1]), flush=True)
    return found


def _line(row: Figures) -> str:
    return (
        f"{row.name:<16} {row.clients:>2} clients {row.count:>4} x  "
        f"p50 {row.p50:>7.1f} ms  p95 {row.p95:>7.1f} ms  {row.per_second:>7.2f}/s"
    )


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", type=Path, default=Path(".local/platform.json"))
    parser.add_argument("--scale", type=int, default=30, help="requests per measurement")
    parser.add_argument("--out", type=Path, default=Path("build/bench/latency.json"))
    arguments = parser.parse_args()
    if not arguments.platform.exists():
        sys.exit("The platform does not run: `make up` first.")
    found = run(Platform.read(arguments.platform), arguments.scale)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps([asdict(row) for row in found], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
