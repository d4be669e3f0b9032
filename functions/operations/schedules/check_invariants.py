"""Every minute: check I1 to I6 over what changed since the last minute; tell what stays wrong.

It never looks at a whole table: it reads the tables' streams, and rows by their keys.
"""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from operations.repository.evidence import EvidenceReader
from operations.repository.notes import AuditNotes
from operations.repository.streams import StreamReader
from operations.service.auditing import Auditor, Outcome
from operations.service.ports import Outrun
from shop import clock, tables, telemetry, trace

RUN_S = 45.0  # of the function's 50
streams = StreamReader()


def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """One run; the answer counts what was done. Whatever is left, the next run goes on with."""
    moment = trace.start(None)
    telemetry.bind(moment)
    auditor = Auditor(
        streams=streams,
        stored=EvidenceReader(),
        notes=AuditNotes(uuid4().hex),
        time=clock.now,
        left_s=_left(RUN_S),
        region=tables.region(),
        trace=moment,
    )
    try:
        with telemetry.stopwatch() as timer:
            outcome = auditor.run()
    except Outrun:  # Two runs met: the later one looks at all that this one did not store.
        telemetry.logger.warning("invariants left to a later run")
        return {"outrun": True}
    telemetry.logger.info("invariants checked", extra={**asdict(outcome), **timer})
    _count(outcome)
    return asdict(outcome)


def _left(seconds: float) -> Callable[[], float]:
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()


def _count(outcome: Outcome) -> None:
    """Zeros, too: an alarm is over when there is nothing any more."""
    for invariant, violations in outcome.violated.items():
        telemetry.count("InvariantViolated", violations, invariant=invariant)
    telemetry.count("InvariantLag", outcome.lag_s)
