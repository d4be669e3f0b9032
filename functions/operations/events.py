"""What the auditor publishes. Subject: the violation, by its own id. Ids and amounts only."""

from datetime import datetime
from typing import ClassVar

from operations.domain.open_violations import ViolationUpdate
from shop import events
from shop.events import Event, EventData
from shop.trace import Trace


class InvariantViolated(EventData):
    """Something is not as it must be, and stays so. `subject_id` is what: an order, a shelf, …"""

    TYPE: ClassVar[str] = "invariant.violated"

    violation_id: str
    invariant: str
    subject_id: str
    detail: str
    first_seen_at: str


class InvariantResolved(EventData):
    """It is as it must be again."""

    TYPE: ClassVar[str] = "invariant.resolved"

    violation_id: str
    invariant: str
    subject_id: str
    first_seen_at: str
    resolved_at: str


_SEQUENCE = {"violated": 1, "resolved": 2}


def event_of(step: ViolationUpdate, *, region: str, now: datetime, trace: Trace) -> Event | None:
    """`invariant.violated` or `invariant.resolved`; None if nobody needs to know."""
    if step.news is None:
        return None
    violation, id_ = step.after, step.after.id(region)
    data: InvariantViolated | InvariantResolved
    if step.news == "violated":
        data = InvariantViolated(
            violation_id=id_,
            invariant=violation.invariant,
            subject_id=violation.subject,
            detail=violation.detail,
            first_seen_at=violation.first_seen,
        )
    else:
        data = InvariantResolved(
            violation_id=id_,
            invariant=violation.invariant,
            subject_id=violation.subject,
            first_seen_at=violation.first_seen,
            resolved_at=violation.resolved_at,
        )
    return events.event(
        data,
        producer="operations",
        subject=id_,
        sequence=_SEQUENCE[step.news],
        now=now,
        trace=trace,
    )
