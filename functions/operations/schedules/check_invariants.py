"""Every minute: check the invariants of all services over what changed; tell what stays wrong.

It never looks at a whole table: it reads the tables' streams, and rows by their keys.
"""

from dataclasses import asdict
from typing import Any
from uuid import uuid4

from operations.repository.audit import AuditRepository
from operations.repository.registry import declared
from operations.repository.related_rows import RelatedRowsReader
from operations.repository.streams import StreamReader
from operations.service.check_invariants import InvariantChecker, Outcome
from operations.service.ports import FencedOut
from shop import clock, tables, telemetry
from shop.jobs import Run, schedule

# A run, and what it leaves to the next one. Its alarm rings at much more.
USUAL_LAG_S = 120


def check(run: Run) -> dict[str, Any]:
    """One run; the answer counts what was done. Whatever is left, the next run goes on with."""
    registry = declared()
    auditor = InvariantChecker(
        registry=registry,
        streams=StreamReader(),
        stored=RelatedRowsReader(registry),
        store=AuditRepository(uuid4().hex),
        time=clock.now,
        left_s=run.left_s,
        region=tables.region(),
        trace=run.trace,
    )
    try:
        outcome = auditor.run()
    except FencedOut:  # Two runs met: the later one looks at all that this one did not store.
        telemetry.logger.warning("invariants left to a later run")
        return {"outrun": True}
    _count(outcome)
    return asdict(outcome)


def _count(outcome: Outcome) -> None:
    """Only what is wrong: a metric costs by the month that it is written in, and an alarm is over
    when nothing is counted any more."""
    if violations := sum(outcome.violated.values()):
        telemetry.emit_metric("InvariantViolated", violations)
    if outcome.lag_s > USUAL_LAG_S:
        telemetry.emit_metric("InvariantLag", outcome.lag_s)


handler = schedule("check_invariants", check)
