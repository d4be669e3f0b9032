"""Exports in the table `identity`.

USER#<user id>          EXPORT#<export id>   that it was asked for, and whether it is ready; TTL
"""

from datetime import datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.transactions import TransactWrite

from identity.domain.export import Export
from identity.domain.rate_limit import Counter
from identity.repository.counters import take_back
from shop import clock, ids, tables
from shop.events import Event
from shop.tables import EventRow, transact


class ExportItem(EventRow):
    """USER#<user id> / EXPORT#<export id>."""

    Meta = tables.meta("identity")

    requested_at = UnicodeAttribute()
    ready_at = UnicodeAttribute(null=True)
    version = NumberAttribute()
    expires_at = NumberAttribute()


class ExportRepository:
    """Exports. Implements service.Exports."""

    def open(
        self, export: Export, requested: Event, *, counters: tuple[Counter, ...] = ()
    ) -> Export:
        """Store it with its event, and take the attempt back by which the user was proved; the one
        that is there, if one is."""
        item = ExportItem(
            *_place(export.user_id, export.export_id),
            requested_at=clock.rfc3339(export.requested),
            version=export.version,
            expires_at=int(export.row_ends.timestamp()),
        )
        item.outbox = tables.outbox_text(requested)

        def build(tx: TransactWrite) -> None:
            tx.save(item, condition=ExportItem.pk.does_not_exist())
            take_back(tx, counters)

        if not transact(build):
            return export
        if counters:
            transact(lambda tx: take_back(tx, counters))
        stored = self.get(export.user_id, export.export_id)
        if stored is None:
            raise LookupError("the export that was there is gone")
        return stored

    def get(self, user_id: str, export_id: str) -> Export | None:
        """The user's; None if they have no such export."""
        if not ids.is_id("exp", export_id):  # A path may hold anything, a key not.
            return None
        try:
            item = ExportItem.get(*_place(user_id, export_id), consistent_read=True)
        except ExportItem.DoesNotExist:
            return None
        return _export(item)

    def of(self, user_id: str) -> list[Export]:
        """All of a user's that are kept: one query."""
        found = ExportItem.query(
            f"USER#{user_id}", ExportItem.sk.startswith("EXPORT#"), consistent_read=True
        )
        return [_export(item) for item in found]

    def finish(self, export: Export, told: Event) -> bool:
        """Ready, and told, once; False if it was before, or is gone."""
        if export.ready is None:
            raise ValueError("it is not ready")
        ready = clock.rfc3339(export.ready)
        item = ExportItem(*_place(export.user_id, export.export_id))
        before = ExportItem.version == export.version - 1
        actions = [
            ExportItem.ready_at.set(ready),
            ExportItem.version.set(export.version),
            ExportItem.expires_at.set(int(export.row_ends.timestamp())),
        ]
        return tables.update(item, actions, before, event=told) is None


def _place(user_id: str, export_id: str) -> tuple[str, str]:
    return f"USER#{user_id}", f"EXPORT#{export_id}"


def _export(item: ExportItem) -> Export:
    return Export(
        export_id=item.sk.removeprefix("EXPORT#"),
        user_id=item.pk.removeprefix("USER#"),
        requested=clock.parse(item.requested_at),
        ready=_time(item.ready_at),
        version=int(item.version),
    )


def _time(text: str | None) -> datetime | None:
    return clock.parse(text) if text else None
