"""Tables for people."""

import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tools.shopctl import amounts
from tools.shopctl.catalog import Summary
from tools.shopctl.demo import Journey
from tools.shopctl.status import Live, Status

# What is piped is cut nowhere: the next command needs whole ids.
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 400)


SHOWN = 20  # reasons against a file


def say(text: str) -> None:
    """One line, as it stands."""
    console.print(escape(text))


def step(entry: dict[str, Any]) -> None:
    """A step of the demo, as soon as it is done."""
    say(f"{entry['ms']:>9.1f} ms  {entry['step']:<26} {entry['shows']}")


def journey(done: Journey) -> None:
    """What the demo left behind."""
    result = done.result
    table("Events", [_event(event) for event in result["timeline"]])
    stock = result["stock"]
    say(f"Stock of {stock['sku']}: {stock['before']} -> {stock['after']}\n")
    table("Ledger", [_entry(entry) for entry in result["entries"]])


def status(found: Status) -> None:
    """Queues, alarms and invariants."""
    busy = [queue for queue in found.queues if queue.waiting or queue.in_flight]
    idle = len(found.queues) - len(busy)
    say(f"Queues      {len(found.queues)}, {idle} of them empty")
    for queue in busy:
        mark = "PARKED" if queue.is_dead_letter else "at work"
        say(f"  {mark:<8}  {queue.name}: {queue.waiting} waiting, {queue.in_flight} in flight")
    say(f"Alarms      {', '.join(found.alarms) or 'none'}")
    live(found.live)
    if found.invariants is None:
        say("Tables      not scanned: that is done on the local platform only")
        return
    say("Tables      scanned")
    for name, broken in found.invariants.items():
        say(f"{name}          {'holds' if not broken else f'VIOLATED {len(broken)} times'}")
        for each in broken[:10]:
            say(f"  {each.subject}: {each.detail}")


def imported(found: Summary, *, dry_run: bool) -> None:
    """What an import did, or why it did nothing."""
    for line, reason in found.objections[:SHOWN]:
        say(f"line {line}: {reason}")
    if len(found.objections) > SHOWN:
        say(f"and {len(found.objections) - SHOWN} more")
    if found.objections:
        return
    say(f"Products    {found.new} new, {found.changed} changed, {found.unchanged} as they were")
    say(f"Stock       {found.stock_booked} lines booked, {found.stock_as_it_was} as they were")
    if dry_run:
        say("Nothing was written: this is what it would do.")


def live(report: Live | None) -> None:
    """What the auditor says, who looks at changes every minute."""
    if report is None:
        say("Live        nothing was checked yet")
        return
    word = "all invariants hold" if not report.broken else f"VIOLATED {', '.join(report.broken)}"
    say(f"Live        {word}, as of {report.as_of}, {report.lag_seconds} s ago")
    for name, each in report.broken.items():
        for violation in each["violations"][:10]:
            say(f"  {name} {violation['subject']}: {violation['detail']}")


def order(found: dict[str, Any]) -> None:
    """An order and all that belongs to it; of its transactions the entries."""
    postings = [
        {"transaction_id": each["transaction_id"], "recorded_at": each["recorded_at"], **entry}
        for each in found["transactions"]
        for entry in each["entries"]
    ]
    rest = {name: value for name, value in found.items() if name != "transactions"}
    details({**rest, "postings": postings})


def details(data: dict[str, Any]) -> None:
    """Anything: its plain fields, then a table for each list of rows."""
    for name, value in amounts.in_row(data).items():
        if isinstance(value, dict):
            say(f"{name}:")
            rows = {key: inner for key, inner in value.items() if _is_rows(inner)}
            for key, inner in amounts.in_row(value).items():
                if key not in rows:
                    say(f"  {key:<16} {_plain(inner)}")
            for key, inner in rows.items():
                table(f"{name} {key}", inner)
        elif isinstance(value, list):
            table(name, value)
        else:
            say(f"{name:<18} {_plain(value)}")


def table(title: str, lines: list[dict[str, Any]]) -> None:
    """Rows of one form; nested lists are left to --json."""
    say(f"{title}: {len(lines)}")
    if lines:
        grid(lines)


def grid(lines: list[dict[str, Any]]) -> None:
    """Rows of one form, at least one."""
    lines = [amounts.in_row(line) for line in lines]
    names = [name for name, value in lines[0].items() if not isinstance(value, (list, dict))]
    shown = Table(*names, box=None, pad_edge=True)
    for line in lines:
        shown.add_row(*[escape(str(line.get(name, ""))) for name in names])
    console.print(shown)


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _event(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in ("occurred_at", "type", "event_id")}


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "transaction": entry["transaction_id"],
        "account": entry["account_id"],
        "side": entry["side"],
        "amount": amounts.readable(entry["amount"]),
    }
