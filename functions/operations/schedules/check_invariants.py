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

streams = StreamReader()


def check(run: Run) -> dict[str, Any]:
    """One run; the answer counts what was done. Whatever is left, the next run goes on with."""
    registry = declared()
    auditor = InvariantChecker(
        registry=registry,
        streams=streams,
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
    """Zeros, too: an alarm is over when there is nothing any more."""
    for invariant, violations in outcome.violated.items():
        telemetry.emit_metric("InvariantViolated", violations, invariant=invariant)
    telemetry.emit_metric("InvariantLag", outcome.lag_s)


handler = schedule("check_invariants", check)
