"""Counts times prices, and the milliseconds that nobody counts.

AWS bills a function for the time that it takes. Here that is its own processor time, measured in
this process and slowed down to the share of a processor that its memory buys, and what it waits
for: assumed milliseconds per request (`times.json`). Cold starts are left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from benchmarks.cost.counts import Counts, Function, owner, requests_to

WHOLE_CPU_MB = 1769  # The memory that buys one processor; below it a share.
MACHINE_GB = 64 / 1024  # An EXPRESS execution is billed in steps of 64 MB and 100 ms.
GB = 1024**3
# What CloudWatch adds to a line, of which an invocation that ends well writes one: Lambda's own are
# of those that fail (Stage.function_log). The gateway's line of a request is access_log.py's.
LINE_BYTES = 26
ACCESS_LOG_BYTES = 480 + LINE_BYTES
ASYMMETRIC = ("KMS.Sign", "KMS.GetPublicKey")


@dataclass(frozen=True, kw_only=True)
class Times:
    """Milliseconds. `cpu` by function and step, on one whole processor; `waits` by service, or by
    service and operation; `default_cpu` is that of a function that was never measured.
    """

    cpu: Mapping[str, float]
    default_cpu: float
    waits: Mapping[str, float]
    psp_call: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Times":
        """As `times.json` has them."""
        assumed = data["assumed"]
        return cls(
            cpu=data["cpu_ms"],
            default_cpu=assumed["cpu_ms"],
            waits=assumed["waits_ms"],
            psp_call=assumed["psp_call_ms"],
        )

    def wait_ms(self, operation: str) -> float:
        """What a request takes: `PutItem`, `KMS.Sign`."""
        full = operation if "." in operation else f"DynamoDB.{operation}"
        return self.waits.get(full) or self.waits[full.split(".", maxsplit=1)[0]]


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """All that turns counts into money: `prices` as `prices.json` has them."""

    prices: Mapping[str, Any]
    times: Times
    functions: Mapping[str, Function]

    def cost(self, counts: Counts) -> dict[str, float]:
        """By service, in the price list's currency."""
        found: dict[str, float] = {}
        for name, quantity in self.quantities(counts).items():
            price = self.prices["prices"][name]
            found[price["service"]] = found.get(price["service"], 0) + quantity * price["price"]
        return found

    def quantities(self, counts: Counts) -> dict[str, float]:
        """How much of what is priced, by the names in `prices.json`."""
        executions = sum(counts.executions.values())
        machine_s = executions * ceil(self.execution_ms(counts) / 100) / 10
        asymmetric = _sent(counts, *ASYMMETRIC)
        return {
            "api_request": counts.api_requests,
            "firewall_request": counts.api_requests,
            "function_request": sum(counts.invocations.values()),
            "function_gb_second": self.gb_seconds(counts),
            "machine_request": executions,
            "machine_gb_second": machine_s * MACHINE_GB,
            "write_unit": sum(counts.write_units.values()),
            "read_unit": sum(counts.read_units.values()),
            "stream_read": _sent(counts, "DynamoDBStreams.GetRecords"),
            "event": counts.events,
            "queue_request": counts.queue_requests,
            "key_request": requests_to("KMS", counts) - asymmetric,
            "asymmetric_key_request": asymmetric,
            "secret_request": requests_to("SecretsManager", counts),
            "object_write": _sent(counts, "S3.PutObject"),
            "object_read": _sent(counts, "S3.GetObject"),
            "mail": requests_to("SES", counts),
            "log_gb": log_bytes(counts) / GB,
        }

    def gb_seconds(self, counts: Counts) -> float:
        """Billed in all."""
        billed = self.billed_ms(counts).items()
        return sum(ms * self._function(name).memory_mb for name, ms in billed) / 1024 / 1000

    def billed_ms(self, counts: Counts) -> dict[str, float]:
        """Of each function and step; a route that starts the machine waits for all its steps."""
        found, execution_ms = self._busy_ms(counts), self.execution_ms(counts)
        for name, count in counts.executions.items():
            if self._function(name).kind == "route":
                found[name] += execution_ms * count
        return found

    def execution_ms(self, counts: Counts) -> float:
        """How long an execution lasts: all steps, shared by all executions of these counts."""
        if not counts.executions:
            return 0
        steps = sum(ms for name, ms in self._busy_ms(counts).items() if self._is_step(name))
        tasks = sum(n for name, n in counts.invocations.items() if self._is_step(name))
        return (steps + tasks * self.times.waits["task"]) / sum(counts.executions.values())

    def _busy_ms(self, counts: Counts) -> dict[str, float]:
        """Of each function and step: what it computes, and waits for services; for no machine."""
        found = {name: self._own_ms(name) * count for name, count in counts.invocations.items()}
        for key, count in counts.requests.items():
            name, operation = key.split()
            found[name] += self.times.wait_ms(operation) * count
        for key, count in counts.psp_calls.items():
            found[key.split()[0]] += self.times.psp_call * count
        return found

    def _own_ms(self, name: str) -> float:
        share = min(1.0, self._function(name).memory_mb / WHOLE_CPU_MB)
        return self.times.cpu.get(name, self.times.default_cpu) / share

    def _is_step(self, name: str) -> bool:
        return self._function(name).kind == "steps"

    def _function(self, name: str) -> Function:
        return self.functions[owner(name)]


def _sent(counts: Counts, *operations: str) -> int:
    return sum(n for key, n in counts.requests.items() if key.endswith(operations))


def log_bytes(counts: Counts) -> float:
    """Of our own lines, one per invocation, and of the gateway's."""
    invoked = sum(counts.invocations.values())
    own = sum(counts.log_bytes.values())
    return own + invoked * LINE_BYTES + counts.api_requests * ACCESS_LOG_BYTES
