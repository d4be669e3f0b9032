"""What is committed, and how what was recorded differs from it.

`benchmarks/budgets.json` holds the counts of everything and what they cost. Counts are compared
one by one, so that a call that is added anywhere is named; costs with a tolerance.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from benchmarks.cost import idle
from benchmarks.cost.counts import Counts, Function, Recording, Usage, usage
from benchmarks.cost.pricing import PriceList, Times

ROOT = Path(__file__).parents[2]
PRICES = ROOT / "benchmarks" / "prices.json"
TIMES = ROOT / "benchmarks" / "times.json"
BUDGETS = ROOT / "benchmarks" / "budgets.json"
PER = 1000
TOLERANCE = 0.05
NOTHING_COUNTED = "nothing is counted differently: a price, a time or a function's memory is"
MEANT = "If that is meant, `make cost` writes the new budget."
# Units follow from requests and sizes of rows, bytes from the lines: the cost watches over them.
EVERYTHING = tuple(each.name for each in fields(Counts))
EXACT = tuple(n for n in EVERYTHING if n not in ("read_units", "write_units", "log_bytes"))


Document = Mapping[str, Any]


def price_list_of(functions: Mapping[str, Function]) -> PriceList:
    """With the prices and times that are committed."""
    prices, times = json.loads(PRICES.read_text()), json.loads(TIMES.read_text())
    return PriceList(prices=prices, times=Times.of(times), functions=functions)


def committed() -> Document:
    """What everything used and cost when the budgets were written."""
    found: Document = json.loads(BUDGETS.read_text())
    return found


def recording(document: Document) -> Recording:
    """The counts of a document."""
    return {name: usage(each) for name, each in document["usage"].items()}


def changes(found: Recording, budget: Recording, only: tuple[str, ...] = EXACT) -> Iterator[str]:
    """Every request, invocation or event that is made more or less often than its budget says."""
    for name in [*found, *(name for name in budget if name not in found)]:
        if name not in found or name not in budget:
            known = "has a budget and is not recorded" if name in budget else "has no budget yet"
            yield f"{name}: {known}"
            continue
        for line in differences(found[name], budget[name], only):
            yield f"{name}: {line}"


def overruns(found: Recording, budget: Document, price_list: PriceList) -> Iterator[str]:
    """What costs more than its budget and the tolerance, or so much less that it hides growth."""
    for name, each in found.items():
        allowed = budget["usage"].get(name, {})
        if "total" not in allowed:
            continue
        now, was = _per_1000(price_list, each), float(allowed["total"])
        if abs(now - was) > was * TOLERANCE:
            yield (
                f"{name} costs {now:.4f} {budget['currency']} per {PER:,}, "
                f"its budget is {was:.4f} ({(now / was - 1) * 100:+.0f} %)"
            )
            why = [*differences(each, usage(allowed))]
            yield from (f"    {line}" for line in why or [NOTHING_COUNTED])


def _per_1000(price_list: PriceList, each: Usage) -> float:
    return sum(price_list.cost(each.both).values()) * PER


def differences(found: Usage, budget: Usage, only: tuple[str, ...] = EVERYTHING) -> Iterator[str]:
    """`orders.place_order GetItem: 1 requests before the answer, budget 0`."""
    for part, when in (("now", "before"), ("later", "after")):
        for name in only:
            new, old = (_as_mapping(getattr(getattr(u, part), name)) for u in (found, budget))
            for key in sorted(new.keys() | old.keys()):
                if new.get(key, 0) != old.get(key, 0):
                    label = f"{key}: " if key else ""
                    yield (
                        f"{label}{new.get(key, 0):g} {name.replace('_', ' ')} {when} the answer, "
                        f"budget {old.get(key, 0):g}"
                    )


def _as_mapping(value: Any) -> Mapping[str, float]:
    return value if isinstance(value, Mapping) else {"": value}


def document(
    found: Recording,
    price_list: PriceList,
    *,
    resources: Mapping[str, Mapping[str, int]],
    recorded: str,
) -> dict[str, Any]:
    """All of it, as `build/cost.json` and the budgets have it. Costs are those of PER; resources
    are by stage.
    """
    return {
        "recorded": recorded,
        "region": price_list.prices["region"],
        "currency": price_list.prices["currency"],
        "prices_as_of": price_list.prices["as_of"],
        "per": PER,
        "services": list(dict.fromkeys(p["service"] for p in price_list.prices["prices"].values())),
        "usage": {name: _priced(each, price_list) for name, each in found.items()},
        "monthly": {
            stage: idle.monthly(found, price_list, resources=each)
            for stage, each in resources.items()
        },
        "functions": {name: asdict(each) for name, each in sorted(price_list.functions.items())},
        "resources": {stage: dict(each) for stage, each in resources.items()},
    }


def _priced(each: Usage, price_list: PriceList) -> dict[str, Any]:
    if each.kind == "path":
        return each.to_dict()
    costs = {name: value * PER for name, value in price_list.cost(each.both).items() if value}
    billed = price_list.billed_ms(each.both)
    return {
        **each.to_dict(),
        "billed_ms": {name: round(ms, 1) for name, ms in sorted(billed.items())},
        "cost": {name: round(value, 6) for name, value in costs.items()},
        "total": round(sum(costs.values()), 6),
    }
