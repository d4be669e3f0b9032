"""The table `inventory`: stock by SKU and location, movements, reservations.

`SKU#<sku>`/`LOC#<location>`; `MOV#<sku>#<location>`/`<movement id>`; `RSV#<reservation id>`/`RSV`,
with the event of its newest change. The sparse index `due` holds the reservations that are held.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from inventory.domain.allocation import Levels, Line
from inventory.domain.fulfilment_centres import CENTRES
from inventory.domain.reservation import (
    Change,
    ConditionFailed,
    Movement,
    Reservation,
    Status,
    Transition,
)
from inventory.service.ports import Inconsistent
from shop import clock, ids, tables, telemetry
from shop.events import Event
from shop.tables import DUE_SHARDS, EventRow, TableModel, batch_get, transact
from shop.text import compact_json

# All of a reservation: the sweeper needs no second read.
HELD = ("order_id", "status", "lines", "held_until", "sequence", "created_at", "updated_at")


class StockItem(TableModel):
    """Units of a SKU at a location; on_hand = available + reserved."""

    Meta = tables.meta("inventory")

    available = NumberAttribute()
    reserved = NumberAttribute()
    on_hand = NumberAttribute()


class MovementItem(TableModel):
    """Why units came or went."""

    Meta = tables.meta("inventory")

    quantity = NumberAttribute()
    reason = UnicodeAttribute()
    order_id = UnicodeAttribute(null=True)
    at = UnicodeAttribute()


class ReservationItem(EventRow):
    """What is held for an order."""

    Meta = tables.meta("inventory")

    due = tables.due_index(project=HELD)
    order_id = UnicodeAttribute()
    status = UnicodeAttribute()
    lines = UnicodeAttribute()
    held_until = UnicodeAttribute()
    sequence = NumberAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    due_shard = UnicodeAttribute(null=True)
    next_attempt_at = UnicodeAttribute(null=True)


class StockRepository:
    """Implements `service.ports.Stock`."""

    def find(self, reservation_id: str) -> Reservation | None:
        """The reservation as it is now. One consistent read."""
        try:
            item = ReservationItem.get(f"RSV#{reservation_id}", "RSV", consistent_read=True)
        except ReservationItem.DoesNotExist:
            return None
        return _reservation(item)

    def levels(self, skus: Sequence[str], *, consistent: bool) -> Levels:
        """Available units. One read per 100 rows."""
        keys = [_stock_key(sku, location) for sku in skus for location in CENTRES]
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for item in batch_get(StockItem, keys, consistent=consistent):
            sku, location = item.pk.removeprefix("SKU#"), item.sk.removeprefix("LOC#")
            found[sku][location] = int(item.available)
        return dict(found)

    def apply(self, transition: Transition, event: Event | None) -> ConditionFailed | None:
        """One transaction: the reservation with its event, stock rows, movements."""
        item = _item(transition.new)
        item.outbox = tables.outbox_text(event)

        def build(transaction: TransactWrite) -> None:
            same = _unchanged(transition.old)
            transaction.save(item, condition=same, return_values="ALL_OLD")
            _add(transaction, transition.changes)

        reasons = transact(build)
        if not reasons:
            return None
        row = next((reason for reason in reasons if reason.index == 0), None)
        if row is None or row.item is None:
            return ConditionFailed(None)
        return ConditionFailed(_reservation(tables.from_raw(ReservationItem, row.item)))

    def move(self, changes: Sequence[Change]) -> bool:
        """One transaction of stock rows and movements. The movements make it repeatable."""
        reasons = transact(lambda transaction: _add(transaction, changes))
        if not reasons:
            return True
        # Puts are counted before updates, so the first indexes are the movements. Where they are
        # there already, it says nothing that the stock would not be enough for them again.
        if any(reason.index < len(changes) for reason in reasons):
            return False
        raise Inconsistent(f"{changes[0].sku} at {changes[0].location}")

    def open_shelf(self, change: Change) -> bool:
        """One transaction. Where stock is, reservations run: it is never set."""
        if change.movement is None:
            raise ValueError("units come by a movement")
        movement = _movement_item(change, change.movement)
        row = StockItem(
            *_stock_key(change.sku, change.location),
            available=change.available,
            reserved=0,
            on_hand=change.on_hand,
        )

        def build(transaction: TransactWrite) -> None:
            transaction.save(movement, condition=MovementItem.pk.does_not_exist())
            transaction.save(row, condition=StockItem.pk.does_not_exist())

        return not transact(build)

    def booked(self, sku: str, location: str, movement_id: str) -> int | None:
        """One consistent read."""
        try:
            item = MovementItem.get(f"MOV#{sku}#{location}", movement_id, consistent_read=True)
        except MovementItem.DoesNotExist:
            return None
        return int(item.quantity)

    def overdue(self, now: datetime) -> Iterator[Reservation]:
        """The longest overdue first, page by page; the index may be behind: conditions decide."""
        until = ReservationItem.next_attempt_at <= clock.rfc3339(now)
        shards = [ReservationItem.due.query(str(shard), until) for shard in range(DUE_SHARDS)]
        found = tables.oldest_first(shards, by=lambda item: str(item.next_attempt_at))
        yield from tables.readable(found, _reservation, count=_unreadable)

    def postpone(self, held: Reservation, *, next_attempt_at: str) -> None:
        """Look at it again then, if it still is as it was read."""
        item = ReservationItem(f"RSV#{held.reservation_id}", "RSV")
        tables.update(
            item, [ReservationItem.next_attempt_at.set(next_attempt_at)], _unchanged(held)
        )


def _unreadable() -> None:
    telemetry.emit_metric("ReservationUnreadable")


def _add(transaction: TransactWrite, changes: Sequence[Change]) -> None:
    for change in changes:
        if change.movement is not None:
            item = _movement_item(change, change.movement)
            transaction.save(item, condition=MovementItem.pk.does_not_exist())
        transaction.update(
            StockItem(*_stock_key(change.sku, change.location)),
            actions=[
                StockItem.available.add(change.available),
                StockItem.reserved.add(change.reserved),
                StockItem.on_hand.add(change.on_hand),
            ],
            condition=_enough(change),
        )


def _enough(change: Change) -> Condition | None:
    """No count may fall below zero. A row that does not exist has nothing of anything."""
    needed: Condition | None = None
    for attribute, delta in (
        (StockItem.available, change.available),
        (StockItem.reserved, change.reserved),
        (StockItem.on_hand, change.on_hand),
    ):
        if delta < 0:
            condition = attribute >= -delta
            needed = condition if needed is None else needed & condition
    return needed


def _unchanged(old: Reservation | None) -> Condition:
    """Status and sequence name a state: no reservation is in the same one twice."""
    if old is None:
        return ReservationItem.pk.does_not_exist()
    same_status: Condition = ReservationItem.status == old.status.value
    same_sequence: Condition = ReservationItem.sequence == old.sequence
    both: Condition = same_status & same_sequence
    return both


def _stock_key(sku: str, location: str) -> tuple[str, str]:
    return f"SKU#{sku}", f"LOC#{location}"


def _movement_item(change: Change, movement: Movement) -> MovementItem:
    return MovementItem(
        f"MOV#{change.sku}#{change.location}",
        movement.movement_id,
        quantity=movement.quantity,
        reason=movement.reason,
        order_id=movement.order_id,
        at=movement.at,
    )


def _item(reservation: Reservation) -> ReservationItem:
    held = reservation.status is Status.HELD
    shard = ids.shard_of(reservation.reservation_id, DUE_SHARDS)
    return ReservationItem(
        f"RSV#{reservation.reservation_id}",
        "RSV",
        order_id=reservation.order_id,
        status=reservation.status.value,
        lines=compact_json([asdict(line) for line in reservation.lines]),
        held_until=reservation.held_until,
        sequence=reservation.sequence,
        created_at=reservation.created_at,
        updated_at=reservation.updated_at,
        due_shard=str(shard) if held else None,
        next_attempt_at=reservation.held_until if held else None,
    )


def _reservation(item: ReservationItem) -> Reservation:
    return Reservation(
        reservation_id=item.pk.removeprefix("RSV#"),
        order_id=item.order_id,
        status=Status(item.status),
        lines=tuple(Line(**line) for line in json.loads(item.lines)),
        held_until=item.held_until,
        sequence=int(item.sequence),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )
