"""An export of all that is held of a user: one a day, to be fetched for a week."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shop import ids

KEPT = timedelta(days=7)
# The bucket forgets as long after the archive was made, by whole days and in its own time. The row
# is there for longer: an erasure finds by it what may still be in the bucket.
ROW_KEPT = timedelta(days=10)
LINK_S = 15 * 60


@dataclass(frozen=True, slots=True)
class Export:
    """One export of one user."""

    export_id: str
    user_id: str
    requested: datetime
    ready: datetime | None = None
    version: int = 1

    @property
    def ends(self) -> datetime:
        """From then on it is gone."""
        return self.requested + KEPT

    @property
    def row_ends(self) -> datetime:
        """From then on nothing of it is in the bucket."""
        return (self.ready or self.requested) + ROW_KEPT


def request(user_id: str, *, region: str, now: datetime) -> Export:
    """The one of this day: who asks again gets the same."""
    export_id = ids.derive("exp", user_id, now.date().isoformat(), region=region)
    return Export(export_id, user_id, requested=now)


def finish(export: Export, *, now: datetime) -> Export:
    """To be fetched."""
    return replace(export, ready=now, version=export.version + 1)


def archive_key(export_id: str) -> str:
    """Where the archive is."""
    return f"archives/{export_id}.zip"
