"""What orders cost: counts (build/bench/counts.json) times prices (benchmarks/prices.json).

The counts come from tests/integration/checkout/test_budget.py, which also asserts them. Everything
is counted but the milliseconds that AWS bills; those are estimated, and the output says how.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
COUNTS = ROOT / "build" / "bench" / "counts.json"
LATENCY = ROOT / "build" / "bench" / "latency.json"
PRICES = ROOT / "benchmarks" / "prices.json"
OUT = ROOT / "build" / "bench" / "cost.json"
DOCUMENT = ROOT / "docs" / "cost.md"
FUNCTION = ROOT / "infra" / "constructs" / "service_function.py"
MARKS = ("<!-- begin: python -m benchmarks.cost --write -->\n", "<!-- end -->\n")

PER = 1000
MACHINE_GB = 64 / 1024  # an EXPRESS execution is billed in steps of 64 MB and 100 ms
ASSUMED_MS = 20.0
PSP_MS = 300.0
PAID = ("POST /orders", "POST /payments")  # what leads to a paid order, beside POST /checkout


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What one request uses. Invocations are by function, what concerns DynamoDB is by function
    and operation: `orders.steps.place TransactWriteItems`."""

    api_requests: int = 0
    invocations: Mapping[str, int] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    read_units: Mapping[str, float] = field(default_factory=dict)
    write_units: Mapping[str, int] = field(default_factory=dict)
    executions: int = 0
    transitions: int = 0
    events: int = 0
    queue_requests: int = 0
    kms_requests: int = 0
    psp_calls: int = 0


@dataclass(frozen=True, kw_only=True)
class RouteCounts:
    """Before the answer, and after it: relay, consumers, fold."""

    now: Counts
    later: Counts


@dataclass(frozen=True, kw_only=True)
class Times:
    """Estimated milliseconds: of a function's own work, and of a call to the payment provider."""

    function_ms: float
    psp_ms: float
    measured: bool

    def functions_ms(self, counts: Counts) -> float:
        """Billed in all. A route that runs the machine waits, and is billed, for all steps."""
        own = self.function_ms * sum(counts.invocations.values())
        return own + self.machine_ms(counts) + self.psp_ms * counts.psp_calls

    def machine_ms(self, counts: Counts) -> float:
        """An execution lasts as long as its steps: all invocations but the route's."""
        if not counts.executions:
            return 0
        steps = sum(counts.invocations.values()) - 1
        return self.function_ms * steps + self.psp_ms * counts.psp_calls


def estimate(
    route: str, counts: Counts, latency: Iterable[Mapping[str, Any]], *, psp_ms: float
) -> Times:
    """Medians of one client, less the emulator's empty execution, shared by the functions.

    The provider's simulator answers at once, so its calls are added.
    """
    medians = {row["name"]: float(row["p50"]) for row in latency if row["clients"] == 1}
    taken = medians.get(route, 0.0)
    if counts.executions:
        taken -= medians.get("empty execution", taken)
    if taken <= 0:
        return Times(function_ms=ASSUMED_MS, psp_ms=psp_ms, measured=False)
    share = taken / sum(counts.invocations.values())
    return Times(function_ms=round(share, 1), psp_ms=psp_ms, measured=True)


def cost(
    counts: Counts, times: Times, price: Mapping[str, float], *, memory_mb: int
) -> dict[str, float]:
    """Of one request, by service, in the price list's currency."""
    machine_s = ceil(times.machine_ms(counts) / 100) / 10
    function_gb_s = times.functions_ms(counts) / 1000 * memory_mb / 1024
    return {
        "API Gateway": counts.api_requests * price["api_request"],
        "Lambda": sum(counts.invocations.values()) * price["lambda_request"]
        + function_gb_s * price["lambda_gb_second_arm64"],
        "Step Functions": counts.executions * price["machine_request"]
        + machine_s * MACHINE_GB * price["machine_gb_second"],
        "DynamoDB": sum(counts.write_units.values()) * price["dynamodb_write_unit"]
        + sum(counts.read_units.values()) * price["dynamodb_read_unit"],
        "EventBridge": counts.events * price["event"],
        "SQS": counts.queue_requests * price["queue_request"],
        "KMS": counts.kms_requests * price["kms_request"],
    }


def added(parts: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Sums by key."""
    sums: dict[str, float] = {}
    for part in parts:
        for key, value in part.items():
            sums[key] = sums.get(key, 0) + value
    return sums


def costs(
    routes: Mapping[str, RouteCounts],
    times: Mapping[str, Times],
    price: Mapping[str, float],
    *,
    memory_mb: int,
) -> dict[str, dict[str, float]]:
    """Of PER requests, by route and service; "paid order" is an order with its payment."""
    found = {
        name: {
            service: value * PER
            for service, value in added(
                cost(part, times[name], price, memory_mb=memory_mb)
                for part in (route.now, route.later)
            ).items()
        }
        for name, route in routes.items()
    }
    return {"paid order": added(found[name] for name in PAID), **found}


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table that is aligned as text, too."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines.insert(1, rule)
    return "\n".join(
        "| "
        + " | ".join(
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        + " |"
        for line in lines
    )


COUNTED: Mapping[str, Callable[[Counts], float]] = {
    "Function invocations": lambda c: sum(c.invocations.values()),
    "DynamoDB requests": lambda c: sum(c.requests.values()),
    "Write units": lambda c: sum(c.write_units.values()),
    "Read units": lambda c: sum(c.read_units.values()),
    "State transitions": lambda c: c.transitions,
    "Events": lambda c: c.events,
    "Queue requests": lambda c: c.queue_requests,
    "KMS requests": lambda c: c.kms_requests,
    "Provider calls": lambda c: c.psp_calls,
}


def counts_table(routes: Mapping[str, RouteCounts]) -> str:
    """Before the answer, and after it."""

    def cell(route: RouteCounts, of: Callable[[Counts], float]) -> str:
        now, later = of(route.now), of(route.later)
        return f"{now:g} + {later:g}" if later else f"{now:g}"

    rows = [[label, *(cell(r, of) for r in routes.values())] for label, of in COUNTED.items()]
    return grid(["Per request", *routes], rows)


def costs_table(found: Mapping[str, Mapping[str, float]], currency: str) -> str:
    """Costs of PER, and their sum."""
    services = next(iter(found.values()))
    rows = [[name, *(f"{of[name]:.4f}" for of in found.values())] for name in services]
    total = ["**Total**", *(f"{sum(of.values()):.4f}" for of in found.values())]
    return grid([f"{currency} per {PER:,}", *found], [*rows, total])


def report(
    routes: Mapping[str, RouteCounts],
    found: Mapping[str, Mapping[str, float]],
    times: Mapping[str, Times],
    prices: Mapping[str, Any],
    *,
    memory_mb: int,
) -> str:
    """Both tables, and what is estimated."""
    measured = [f"{name} {t.function_ms:g} ms" for name, t in times.items() if t.measured]
    assumed = [name for name, t in times.items() if not t.measured]
    lines = ["Estimated, not counted: billed time, per function and without the provider."]
    if measured:
        lines.append(f"Measured on the local emulator: {', '.join(measured)}.")
    if assumed:
        lines.append(f"Assumed: {ASSUMED_MS:g} ms for {', '.join(assumed)}.")
    lines.append(
        f"Every provider call is assumed to take {next(iter(times.values())).psp_ms:g} ms, which "
        f"a step and the waiting route are both billed for. Functions have {memory_mb} MB."
    )
    lines.append(f"Prices: {prices['region']} as of {prices['as_of']}. {prices['source']}")
    return "\n\n".join(
        [counts_table(routes), costs_table(found, prices["currency"]), "\n".join(lines)]
    )


def read_counts(path: Path) -> dict[str, RouteCounts]:
    """As test_budget.py writes them."""
    return {
        name: RouteCounts(now=Counts(**route["now"]), later=Counts(**route["later"]))
        for name, route in json.loads(path.read_text()).items()
    }


def memory_of(source: str) -> int:
    """What infra gives a function unless it says otherwise."""
    found = re.search(r"memory_mb: int = (\d+)", source)
    if found is None:
        raise SystemExit(f"{FUNCTION.name} gives no memory_mb")
    return int(found[1])


def replaced(document: str, text: str) -> str:
    """The document with this text between its marks."""
    start, end = MARKS
    before, _, rest = document.partition(start)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{DOCUMENT.name} has no marks to write between.")
    return f"{before}{start}{text}\n{end}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Cost per 1,000 orders, from counts and prices.")
    parser.add_argument("--psp-ms", type=float, default=PSP_MS, help="one call to the provider")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/cost.md")
    options = parser.parse_args(arguments)
    if not COUNTS.exists():
        sys.exit("Nothing is counted yet: python -m benchmarks counts")
    routes, prices = read_counts(COUNTS), json.loads(PRICES.read_text())
    latency = json.loads(LATENCY.read_text()) if LATENCY.exists() else []
    memory_mb = memory_of(FUNCTION.read_text())
    times = {
        name: estimate(name, route.now, latency, psp_ms=options.psp_ms)
        for name, route in routes.items()
    }
    found = costs(routes, times, prices["per_unit"], memory_mb=memory_mb)
    text = report(routes, found, times, prices, memory_mb=memory_mb)
    print(text)
    estimated = {name: asdict(each) for name, each in times.items()}
    result = {"prices_as_of": prices["as_of"], "per": PER, "cost": found, "estimated": estimated}
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    if options.write:
        DOCUMENT.write_text(replaced(DOCUMENT.read_text(), text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
