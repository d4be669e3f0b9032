"""What the auditor publishes. Subject: the violation, by its own id. Ids and amounts only."""

from typing import ClassVar

from shop.events import EventData


class InvariantViolated(EventData):
    """Something is not as it must be, and stays so. `subject_id` is what: an order, a shelf, …"""

    TYPE: ClassVar[str] = "invariant.violated"

    violation_id: str
    invariant: str
    subject_id: str
    detail: str
    first_seen_at: str


class InvariantHealed(EventData):
    """It is as it must be again."""

    TYPE: ClassVar[str] = "invariant.healed"

    violation_id: str
    invariant: str
    subject_id: str
    first_seen_at: str
    healed_at: str
