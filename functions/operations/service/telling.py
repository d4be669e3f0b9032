"""The event of what there is to tell about a suspect."""

from datetime import datetime

from operations.domain.suspects import Step
from operations.events import InvariantHealed, InvariantViolated
from shop import events
from shop.events import Event
from shop.trace import Trace

_SEQUENCE = {"violated": 1, "healed": 2}


def event_of(step: Step, *, region: str, now: datetime, trace: Trace) -> Event | None:
    """`invariant.violated` or `invariant.healed`; None if nobody needs to know."""
    if step.news is None:
        return None
    suspect, id_ = step.after, step.after.id(region)
    data: InvariantViolated | InvariantHealed
    if step.news == "violated":
        data = InvariantViolated(
            violation_id=id_,
            invariant=suspect.invariant,
            subject_id=suspect.subject,
            detail=suspect.detail,
            first_seen_at=suspect.first_seen,
        )
    else:
        data = InvariantHealed(
            violation_id=id_,
            invariant=suspect.invariant,
            subject_id=suspect.subject,
            first_seen_at=suspect.first_seen,
            healed_at=suspect.healed_at,
        )
    return events.event(
        data,
        producer="operations",
        subject=id_,
        sequence=_SEQUENCE[step.news],
        now=now,
        trace=trace,
    )
