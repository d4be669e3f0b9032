"""The tables of docs/cost.md, from the document that `budgets.document` makes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.cost import idle
from benchmarks.cost.counts import COUNTED, owner, usage

Document = Mapping[str, Any]


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


def costs(document: Document, *kinds: str) -> str:
    """A row for each of these, a column for each service that any of them uses, and the sum."""
    chosen = {n: each for n, each in document["usage"].items() if each["kind"] in kinds}
    used = {service for each in chosen.values() for service in each["cost"]}
    services = [service for service in document["services"] if service in used]
    head = [f"{document['currency']} per {document['per']:,}", *services, "**Total**"]
    return grid(head, [_cost_row(name, each, services) for name, each in chosen.items()])


def _cost_row(name: str, each: Mapping[str, Any], services: Sequence[str]) -> list[str]:
    cells = [f"{each['cost'][s]:.4f}" if s in each["cost"] else "" for s in services]
    return [name, *cells, f"{each['total']:.4f}"]


def counts(document: Document, *kinds: str) -> str:
    """A row for each of these; `4 + 8` is before and after the answer."""
    chosen = {n: each for n, each in document["usage"].items() if each["kind"] in kinds}
    used = {name: usage(each) for name, each in chosen.items()}
    shown = {
        label: of for label, of in COUNTED.items() if any(of(each.both) for each in used.values())
    }
    rows = [
        [
            name,
            *(_cell(of(used[name].now), of(used[name].later)) for of in shown.values()),
            f"{sum(each['billed_ms'].values()):.0f}",
        ]
        for name, each in chosen.items()
    ]
    return grid(["Per one", *shown, "Billed ms"], rows)


def _cell(now: float, later: float) -> str:
    if not now + later:
        return ""
    return f"{now:g} + {later:g}" if later else f"{now:g}"


def monthly(document: Document) -> str:
    """What a month costs without a customer, by stage."""
    stages = document["monthly"]
    head, sums = ["A month without a customer"], ["**Total**"]
    for stage, rows in stages.items():
        head += [f"In {stage}", document["currency"]]
        sums += ["", f"{idle.total(rows):.2f}"]
    names = dict.fromkeys(name for rows in stages.values() for name in rows)
    table = [
        [name, *(cell for rows in stages.values() for cell in _month(rows[name]))] for name in names
    ]
    return grid(head, [*table, sums])


def _month(each: Mapping[str, float]) -> list[str]:
    return [f"{each['number']:,.0f}" if each["number"] else "", f"{each['cost']:.2f}"]


def functions(document: Document) -> str:
    """Memory of each function, and what is billed where it takes longest."""
    longest: dict[str, tuple[float, str]] = {}
    for name, each in document["usage"].items():
        if each["kind"] in ("route", "schedule"):
            invoked = usage(each).both.invocations
            for key, ms in each["billed_ms"].items():
                of_one = ms / invoked[key]
                longest[key] = max(longest.get(key, (0.0, "")), (of_one, name))
    rows = [
        [key, str(document["functions"][owner(key)]["memory_mb"]), f"{ms:.0f}", where]
        for key, (ms, where) in sorted(longest.items())
    ]
    return grid(["Function, and step", "MB", "Billed ms", "In"], rows)


def report(document: Document) -> str:
    """All tables, with what they say."""
    parts = [
        ("Journeys, from the first request to the last consumer", costs(document, "journey")),
        ("", counts(document, "journey")),
        ("Routes", costs(document, "route")),
        ("", counts(document, "route")),
        ("The authorizer, and what a new process asks for once", counts(document, "process")),
        ("", costs(document, "process")),
        ("Functions", functions(document)),
        ("Fixed", monthly(document)),
        ("", _dates(document)),
    ]
    return "\n\n".join(f"## {title}\n\n{text}" if title else text for title, text in parts)


def _dates(document: Document) -> str:
    return (
        f"Recorded {document['recorded']}; list prices of {document['region']} as of "
        f"{document['prices_as_of']}, before any discount and tax. What AWS gives for "
        "nothing is taken off the month only, once for each account."
    )
