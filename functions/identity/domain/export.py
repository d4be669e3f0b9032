"""An export of all that is held of a user: one a day, to be fetched for a week."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shop import ids

KEPT = timedelta(days=7)
# How fresh the proof of who asks must be, where they do not type their password.
RECENT = timedelta(minutes=10)
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
