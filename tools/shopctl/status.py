"""What waits, what is parked, what is alarmed, and whether the invariants hold.

They are looked at twice: by the auditor, every minute and on every stage, over what changed; and
here, locally, over whole tables.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from operations.domain.invariants import Violation, check
from operations.repository.registry import declared
from shop import clock
from tools.shopctl import rows
from tools.shopctl.target import Target

# Work under way may look like a violation: only what is still there after these looks counts.
LOOKS = 4
PAUSE_S = 2.0
_AWAITING = "ApproximateNumberOfMessages"
_IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue's name and how many messages it has."""

    name: str
    waiting: int
    in_flight: int

    @property
    def is_dead_letter(self) -> bool:
        """By the naming convention: what could not be processed."""
        return self.name.endswith("-dlq")


@dataclass(frozen=True, slots=True)
class Live:
    """The auditor's last report."""

    as_of: str
    lag_seconds: int
    invariants: dict[str, dict[str, Any]]  # holds, count, violations

    @property
    def broken(self) -> dict[str, dict[str, Any]]:
        """Invariants that do not hold."""
        return {name: each for name, each in self.invariants.items() if not each["holds"]}


@dataclass(frozen=True, slots=True)
class Status:
    """The answer of `shopctl status`. `invariants` is None where tables are not scanned, `live`
    before the auditor's first run.
    """

    queues: list[Queue]
    alarms: list[str]
    invariants: dict[str, list[Violation]] | None
    live: Live | None = None

    @property
    def parked(self) -> list[Queue]:
        """Dead-letter queues that hold something."""
        return [queue for queue in self.queues if queue.is_dead_letter and queue.waiting]

    @property
    def ok(self) -> bool:
        """Nothing parked, nothing violated."""
        broken = bool(self.live and self.live.broken)
        return not self.parked and not broken and not any((self.invariants or {}).values())

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        found = None
        if self.invariants is not None:
            found = {
                name: {"holds": not broken, "violations": [asdict(each) for each in broken]}
                for name, broken in self.invariants.items()
            }
        return {
            "ok": self.ok,
            "queues": [
                asdict(queue) | {"dead_letter": queue.is_dead_letter} for queue in self.queues
            ],
            "alarms": self.alarms,
            "invariants": found,
            "live": asdict(self.live) if self.live else None,
        }


def read(target: Target, *, limit: int) -> Status:
    """Look at everything once, at the invariants until they settle."""
    return Status(
        queues=_queues(target),
        alarms=_alarms(target),
        invariants=_settled(target, limit) if target.is_local else None,
        live=_live(target),
    )


def persisting(
    look: Callable[[], dict[str, list[Violation]]],
    *,
    pause: Callable[[float], None],
    looks: int = LOOKS,
) -> dict[str, list[Violation]]:
    """What every look finds; one look is enough if it finds nothing."""
    found = look()
    for _ in range(looks - 1):
        if not any(found.values()):
            break
        pause(PAUSE_S)
        again = look()
        found = {name: [each for each in found[name] if each in again[name]] for name in found}
    return found


def _settled(target: Target, limit: int) -> dict[str, list[Violation]]:
    def look() -> dict[str, list[Violation]]:
        registry = declared()
        tables = {name: rows.scan(target, name, limit=limit) for name in registry.tables}
        return check(registry, tables)

    return persisting(look, pause=time.sleep)


def _live(target: Target) -> Live | None:
    """The row that GET /ops/invariants answers from, by the operator's own rights."""
    for row in rows.query(target, "audit", "REPORT"):
        report = json.loads(row["report"])
        lag = clock.now() - clock.parse(report["as_of"])
        return Live(report["as_of"], int(lag.total_seconds()), report["invariants"])
    return None


def _queues(target: Target) -> list[Queue]:
    sqs = target.client("sqs")
    with rows.reachable(target):
        pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=target.prefix)
        urls = [url for page in pages for url in page.get("QueueUrls", [])]
        return [_queue(target, sqs, url) for url in sorted(urls)]


def _queue(target: Target, sqs: Any, url: str) -> Queue:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[_AWAITING, _IN_FLIGHT])
    counts = found["Attributes"]
    name = url.rsplit("/", 1)[-1].removeprefix(target.prefix)
    return Queue(name, int(counts[_AWAITING]), int(counts[_IN_FLIGHT]))


def _alarms(target: Target) -> list[str]:
    cloudwatch = target.client("cloudwatch")
    with rows.reachable(target):
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=target.prefix, StateValue="ALARM"
        )
        return sorted(alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"])
