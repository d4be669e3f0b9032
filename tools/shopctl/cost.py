"""What routes and journeys cost: the last `make cost` of this checkout, else what is committed."""

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.shopctl import render
from tools.shopctl.errors import Unusable

ROOT = Path(__file__).resolve().parents[2]
FILES = (ROOT / "build" / "cost.json", ROOT / "benchmarks" / "budgets.json")
ORDER = "paid order"
KINDS = {"journey": "Journeys", "route": "Routes", "process": "The authorizer; new processes"}

Document = dict[str, Any]


def read(files: tuple[Path, ...] = FILES) -> Document:
    """The document, with the `file` that it came from."""
    for file in files:
        if file.exists():
            try:
                found: Document = json.loads(file.read_text())
                name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
                priced = {n: each for n, each in found["usage"].items() if "total" in each}
                return {"file": str(name), **found, "usage": priced}
            except (ValueError, KeyError, TypeError) as error:
                raise Unusable(f"{file} cannot be read: run `make cost` again.") from error
    raise Unusable("Nothing is counted yet: run `make cost`.")


def one(document: Document, name: str) -> Document:
    """A route's or journey's part of it; its name may be written in any case."""
    known: Mapping[str, Any] = document["usage"]
    by_case = {each.lower(): each for each in known}
    if found := by_case.get(name.lower()):
        about = {key: document[key] for key in ("recorded", "currency", "per", "prices_as_of")}
        return {"name": found, **about, **known[found]}
    near = difflib.get_close_matches(name.lower(), by_case, n=3, cutoff=0.4)
    hint = " Perhaps: " + ", ".join(f"'{by_case[each]}'" for each in near) + "." if near else ""
    raise Unusable(f"Nothing is known of '{name}'.{hint} `shopctl cost` lists all names.")


def lines(document: Document, kind: str) -> Iterator[dict[str, Any]]:
    """A row for each of a kind, the dearest first."""
    chosen = [(n, each) for n, each in document["usage"].items() if each["kind"] == kind]
    for name, each in sorted(chosen, key=lambda pair: -pair[1]["total"]):
        dearest = sorted(each["cost"].items(), key=lambda pair: -pair[1])[:2]
        yield {
            "name": name,
            document["currency"]: f"{each['total']:.4f}",
            "mostly": ", ".join(f"{s} {100 * c / each['total']:.0f} %" for s, c in dearest),
        }


def by_service(each: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each service, the dearest first, and their sum."""
    for service, value in sorted(each["cost"].items(), key=lambda pair: -pair[1]):
        yield _share(service, value, each["total"])
    yield _share("total", each["total"], each["total"])


def _share(service: str, value: float, total: float) -> dict[str, Any]:
    return {"service": service, "cost": f"{value:.4f}", "share": f"{100 * value / total:.0f} %"}


def monthly(document: Document) -> Iterator[dict[str, Any]]:
    """A row for each thing that costs without a customer, and their sum, by stage."""
    for stage, rows in document["monthly"].items():
        for what, each in rows.items():
            yield {"stage": stage, "what": what} | _monthly(document, each["number"], each["cost"])
        total = sum(each["cost"] for each in rows.values())
        yield {"stage": stage, "what": "total"} | _monthly(document, None, total)


def _monthly(document: Document, number: float | None, cost: float) -> dict[str, Any]:
    shown = "" if number is None else f"{number:,}"
    return {"number": shown, document["currency"]: f"{cost:.2f}"}


def by_function(document: Document, each: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each function and step: how often it is invoked, and what it asks for."""
    invoked = _added(each, "invocations")
    requests, reads, writes = (
        _added(each, part) for part in ("requests", "read_units", "write_units")
    )
    for name, times in invoked.items():
        asked = {k.split()[1]: n for k, n in requests.items() if k.split()[0] == name}
        yield {
            "function": name,
            "times": times,
            "MB": document["functions"][".".join(name.split(".")[:2])]["memory_mb"],
            "billed ms": f"{each['billed_ms'][name]:.0f}",
            "read units": f"{_units(reads, name):g}",
            "write units": f"{_units(writes, name):g}",
            "requests": ", ".join(f"{n} {k}" if n > 1 else k for k, n in asked.items()),
        }


def _units(units: Mapping[str, float], name: str) -> float:
    return sum(n for key, n in units.items() if key.split()[0] == name)


def _added(each: Mapping[str, Any], part: str) -> dict[str, float]:
    """Before the answer and after it together."""
    found: dict[str, float] = {}
    for when in ("now", "later"):
        for key, count in each.get(when, {}).get(part, {}).items():
            found[key] = found.get(key, 0) + count
    return found


def everything(document: Document) -> None:
    """Everything at a glance: an order by service, then all names with their sums."""
    _about(document)
    _services(one(document, ORDER))
    for kind, title in KINDS.items():
        render.say(f"\n{title}, per 1,000")
        render.grid(list(lines(document, kind)))
    render.say("\nPer month, without a customer")
    render.grid(list(monthly(document)))
    render.say(f"\nOne of them in full: shopctl cost '{ORDER}'")


def one_of_them(document: Document, found: Document) -> None:
    """A route or journey: by service, and by function."""
    _about(document)
    _services(found)
    render.say(f"\n{found['name']}, one of them, by function")
    render.grid(list(by_function(document, found)))


def _services(found: Document) -> None:
    render.say(f"\n{found['name']}, per 1,000, by service")
    render.grid(list(by_service(found)))


def _about(document: Document) -> None:
    render.say(
        f"{document['currency']}, list prices of {document['region']} as of "
        f"{document['prices_as_of']}; counted {document['recorded']} ({document['file']}).\n"
        "Billed time is estimated, cold starts are left out: see docs/cost.md."
    )
