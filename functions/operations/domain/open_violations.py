"""What looks wrong, and when it is told: what is only late heals before anyone hears of it.

A violation is looked at in every run, and told when it stays for longer than its invariant may take
to hold again, and told again when it is over.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from shop import clock, ids

# Some invariants hold at every moment, but rows are read one after the other: the second look tells
# them. The others hold when the queues are empty, and those are within seconds of their events.
GRACE_PERIOD = timedelta(minutes=5)
SHOWN = 50  # violations of one invariant in the report
News = Literal["violated", "resolved"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look found. `waiting`: nothing yet, and that has to be looked at again."""

    invariant: str
    subject: str
    detail: str
    names: frozenset[str]  # what to look at to see it again
    waiting: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.invariant, self.subject


@dataclass(frozen=True, slots=True)
class OpenViolation:
    """One thing that is not as it must be, or that cannot be told yet."""

    invariant: str
    subject: str
    detail: str
    names: frozenset[str]
    first_seen: str
    waiting: bool = False
    reported_at: str = ""
    resolved_at: str = ""
    revision: int = 1

    @property
    def key(self) -> tuple[str, str]:
        return self.invariant, self.subject

    def id(self, region: str) -> str:
        """Of this time that it is so; the next time is another."""
        return ids.derive("vio", *self.key, self.first_seen, region=region)


@dataclass(frozen=True, slots=True)
class ViolationUpdate:
    """What becomes of a violation, and what there is to tell."""

    before: OpenViolation | None
    after: OpenViolation
    news: News | None = None

    @property
    def is_new(self) -> bool:
        """Whether it has to be stored: what was told and stands is not written every minute."""
        before, after = self.before, self.after
        if before is None or self.news or after.resolved_at or before.waiting != after.waiting:
            return True
        return before.detail != after.detail


def merged(findings: Iterable[Finding]) -> dict[tuple[str, str], Finding]:
    """One finding for each invariant and subject; what is certain outweighs what is not."""
    found: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        other = found.get(finding.key)
        if other is None or (other.waiting and not finding.waiting):
            names = finding.names | (other.names if other else frozenset())
            found[finding.key] = replace(finding, names=names)
        elif not finding.waiting or other.waiting:
            details = {*other.detail.split("; "), finding.detail}
            detail = "; ".join(sorted(details))
            found[finding.key] = replace(other, detail=detail, names=other.names | finding.names)
    return found


def updates(
    open_: Iterable[OpenViolation],
    findings: Iterable[Finding],
    *,
    now: datetime,
    always: Collection[str],
) -> list[ViolationUpdate]:
    """What a look at all these, and at more, makes of them. `always` are the invariants that hold
    at every moment.
    """
    found = merged(findings)
    stay = []
    for violation in open_:
        grace_period = timedelta() if violation.invariant in always else GRACE_PERIOD
        stay.append(_looked(violation, found.pop(violation.key, None), now, grace_period))
    return stay + [ViolationUpdate(None, _new(finding, now)) for finding in found.values()]


def _new(finding: Finding, now: datetime) -> OpenViolation:
    return OpenViolation(
        finding.invariant,
        finding.subject,
        finding.detail,
        finding.names,
        first_seen=clock.rfc3339(now),
        waiting=finding.waiting,
    )


def _looked(
    violation: OpenViolation, finding: Finding | None, now: datetime, grace_period: timedelta
) -> ViolationUpdate:
    next_ = replace(violation, revision=violation.revision + 1)
    if finding is None:
        resolved = replace(next_, resolved_at=clock.rfc3339(now))
        return ViolationUpdate(violation, resolved, "resolved" if violation.reported_at else None)
    if finding.waiting:  # Not told anew: whatever was seen before stands.
        return ViolationUpdate(violation, next_)
    if violation.waiting:
        return ViolationUpdate(violation, replace(_new(finding, now), revision=next_.revision))
    seen = replace(next_, detail=finding.detail, names=violation.names | finding.names)
    if seen.reported_at or now - clock.parse(seen.first_seen) < grace_period:
        return ViolationUpdate(violation, seen)
    return ViolationUpdate(violation, replace(seen, reported_at=clock.rfc3339(now)), "violated")


def report(
    open_: Iterable[OpenViolation], *, as_of: datetime, now: datetime, invariants: Iterable[str]
) -> dict[str, Any]:
    """What GET /ops/invariants answers, but for the lag: at most SHOWN violations of each."""
    reported: dict[str, list[OpenViolation]] = {name: [] for name in invariants}
    for violation in sorted(open_, key=lambda each: (each.first_seen, each.subject)):
        if violation.reported_at and violation.invariant in reported:
            reported[violation.invariant].append(violation)
    return {
        "as_of": clock.rfc3339(as_of),
        "checked_at": clock.rfc3339(now),
        "invariants": {
            name: {
                "holds": not found,
                "count": len(found),
                "violations": [
                    {"subject": s.subject, "detail": s.detail, "first_seen": s.first_seen}
                    for s in found[:SHOWN]
                ],
            }
            for name, found in reported.items()
        },
    }
