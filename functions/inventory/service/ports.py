"""What the use cases need of the table."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from inventory.domain.allocation import Levels
from inventory.domain.reservation import Change, ConditionFailed, Reservation, Transition
from shop.events import Event


class Inconsistent(Exception):
    """A stock row has less than its reservations say: a fault, and never silent."""


class Stock(Protocol):
    """Where stock, movements and reservations are kept."""

    def find(self, reservation_id: str) -> Reservation | None:
        """The reservation as it is now."""

    def levels(self, skus: Sequence[str], *, consistent: bool) -> Levels:
        """Available units; a SKU without any stock row is left out."""

    def apply(self, transition: Transition, event: Event | None) -> ConditionFailed | None:
        """Store a transition, its stock changes, movements and event: all or nothing."""

    def move(self, changes: Sequence[Change]) -> bool:
        """Apply changes with movements, together; False if their movements are there already.

        Raises Inconsistent if a stock row has too little.
        """

    def open_shelf(self, change: Change) -> bool:
        """Apply a first receipt; False if there is a stock row, or was this movement, already."""

    def booked(self, sku: str, location: str, movement_id: str) -> int | None:
        """The units of a movement; None if it was not booked."""

    def overdue(self, now: datetime) -> Iterable[Reservation]:
        """Held reservations whose time is over, the longest first."""

    def postpone(self, held: Reservation, *, next_attempt_at: str) -> None:
        """Look at it again then, if it still is as it was read."""
