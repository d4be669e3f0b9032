"""What a stage costs in a month without a customer: what stands, and what runs by itself.

Counted in its templates and priced by the month, or by what the schedules' runs use. What AWS gives
every account for nothing, for ever, is taken off once.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.cost.counts import Recording
from benchmarks.cost.pricing import PriceList

Templates = Mapping[str, Any]
Rows = dict[str, dict[str, float]]

MINUTES = 365 * 24 * 60 // 12  # of a month
# The stages that are priced, and the most that each may cost, in the currency of the price list.
LIMITS: Mapping[str, float] = {"prod": 28.5, "dev": 5.1}
FREE = "Free in every account"
# Lambda asks a queue by calls of 20 seconds, five at a time; of an idle one down to two, unless its
# concurrency is limited ("Configuring scaling behavior for SQS event source mappings").
POLLERS, FEWER_POLLERS = 5, 2
POLL_S = 20
# The key that signs tokens next: a schedule makes it, so no template has it.
MADE_KEYS = 1


def count(templates: Templates) -> dict[str, int]:
    """How many there are of all that costs while nothing happens, and how often schedules run."""
    resources = [each for template in templates.values() for each in template["Resources"].values()]

    def of(type_: str) -> list[Any]:
        return [each.get("Properties", {}) for each in resources if each["Type"] == type_]

    mappings = of("AWS::Lambda::EventSourceMapping")
    pollers = sum(_pollers(each) for each in mappings if "StartingPosition" not in each)
    return {
        "AWS::KMS::Key": len(of("AWS::KMS::Key")) + MADE_KEYS,
        "AWS::CloudWatch::Alarm/Metrics": sum(map(_metrics, of("AWS::CloudWatch::Alarm"))),
        "AWS::SecretsManager::Secret": len(of("AWS::SecretsManager::Secret")),
        "AWS::WAFv2::WebACL": len(of("AWS::WAFv2::WebACL")),
        "AWS::WAFv2::WebACL/Rules": sum(len(each["Rules"]) for each in of("AWS::WAFv2::WebACL")),
        "polls": pollers * MINUTES * 60 // POLL_S,
        "runs": MINUTES // _every_minutes(of("AWS::Events::Rule")),
    }


def monthly(found: Recording, price_list: PriceList, *, resources: Mapping[str, int]) -> Rows:
    """Number and cost of each, in a stage with these resources."""
    prices, list_ = price_list.prices["monthly"], price_list.prices["prices"]
    rows = {
        each["label"]: _row(resources[type_], resources[type_] * each["price"])
        for type_, each in prices.items()
    }
    used = {"queue_request": float(resources["polls"])}
    for name, each in _schedules(found):
        cost = sum(price_list.cost(each.now).values())
        rows[f"Runs of {name}"] = _row(resources["runs"], cost * resources["runs"])
        for what, quantity in price_list.quantities(each.now).items():
            used[what] = used.get(what, 0) + quantity * resources["runs"]
    polled = resources["polls"] * list_["queue_request"]["price"]
    rows["Calls that ask idle queues"] = _row(resources["polls"], polled)
    free = sum(
        min(n, list_[what].get("free", 0)) * list_[what]["price"] for what, n in used.items()
    )
    free += sum(min(resources[t], e.get("free", 0)) * e["price"] for t, e in prices.items())
    rows[FREE] = _row(0, -free)
    return rows


def total(rows: Mapping[str, Mapping[str, float]]) -> float:
    """What is billed."""
    return sum(each["cost"] for each in rows.values())


def _row(number: int, cost: float) -> dict[str, float]:
    return {"number": number, "cost": round(cost, 4)}


def _schedules(found: Recording) -> Iterator[tuple[str, Any]]:
    return ((name, each) for name, each in found.items() if each.kind == "schedule")


def _metrics(alarm: Mapping[str, Any]) -> int:
    """An alarm costs as often as it has metrics: one that computes has several."""
    return sum("MetricStat" in each for each in alarm.get("Metrics", ())) or 1


def _pollers(mapping: Mapping[str, Any]) -> int:
    limited = "MaximumConcurrency" in mapping.get("ScalingConfig", {})
    return POLLERS if limited else FEWER_POLLERS


def _every_minutes(rules: list[Any]) -> int:
    said = {rule["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule}
    (expression,) = said or {"rate(1 minute)"}
    found = re.fullmatch(r"rate\((\d+) minutes?\)", expression)
    if found is None:
        raise ValueError(f"not so many minutes: {expression}")
    return int(found.group(1))
