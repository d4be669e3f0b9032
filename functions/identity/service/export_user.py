"""What the export machine does in identity: its own part, and the archive of all parts."""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity import events
from identity.domain import export as rules
from identity.domain.export import Export
from identity.domain.user import Status, User
from identity.events import event_of
from identity.schemas import AddressListOut, FactorListOut, UserOut
from identity.service.list_factors import list_factors
from identity.service.ports import Accounts, Archives, Exports, Factors, PersonalData, Sessions
from identity.service.seal_details import open_addresses, open_device, open_profile
from shop import clock
from shop.export import ExportAssembled, UserExported, part
from shop.problems import Problem
from shop.text import compact_json
from shop.trace import Trace
from shop.user_keys import Erased

SERVICES = ("identity", "orders", "payments")
FORMAT = 1
JSON, ZIP = "application/json", "application/zip"


@dataclass(frozen=True, slots=True)
class Exporter:
    """The use cases."""

    accounts: Accounts
    sessions: Sessions
    factors: Factors
    exports: Exports
    personal: PersonalData
    archives: Archives

    def export(self, export_id: str, user_id: str) -> UserExported:
        """Profile, consents, addresses, sessions and second factors, as their user sees them."""
        user = self._user(user_id)
        held = None if user is None else self._held(user)
        if held is None:
            return UserExported(outcome="erased")
        self.archives.put(part("identity", export_id), compact_json(held).encode(), JSON)
        return UserExported(outcome="exported")

    def assemble(
        self, export_id: str, user_id: str, *, now: datetime, trace: Trace
    ) -> ExportAssembled:
        """One file for each service, and one that says what they are."""
        export = self.exports.get(user_id, export_id)
        if export is not None and export.ready is None:
            export = self._archived(export, now=now, trace=trace)
        if export is None:  # What was gathered must not outlive its user.
            self._delete(object_keys(export_id))
            return ExportAssembled(outcome="erased")
        self._delete(part_keys(export_id).values())
        return ExportAssembled(outcome="ready")

    def _archived(self, export: Export, *, now: datetime, trace: Trace) -> Export | None:
        """As it is once its archive is there; None if its user is erased or about to be."""
        if self._user(export.user_id) is None:
            return None
        parts = {name: self.archives.get(key) for name, key in part_keys(export.export_id).items()}
        bodies = {name: body for name, body in parts.items() if body is not None}
        if len(bodies) == len(parts):
            archive = _zipped(bodies, export, now=now)
            self.archives.put(rules.archive_key(export.export_id), archive, ZIP)
            ready = rules.finish(export, now=now)
            data = events.UserExportReady(user_id=export.user_id, export_id=export.export_id)
            told = event_of(data, export.export_id, ready.version, now=now, trace=trace)
            if self.exports.finish(ready, told):
                return ready
        left = self.exports.get(export.user_id, export.export_id)
        if left is not None and left.ready is None:
            raise LookupError("a part of the export is missing")
        return left  # Another execution was first, or an erasure was.

    def _user(self, user_id: str) -> User | None:
        """Of whom there is something to export: who is being erased is as good as gone."""
        user = self.accounts.get(user_id)
        return None if user is None or user.status is Status.ERASING else user

    def _delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.archives.delete(key)

    def _held(self, user: User) -> dict[str, Any] | None:
        profile = open_profile(user, self.personal)
        if isinstance(profile, Erased):
            return None
        book = open_addresses(self.accounts.address_book(user.user_id), self.personal)
        if isinstance(book, Erased):
            return None
        factors = list_factors(user.user_id, self.accounts, self.factors, self.personal)
        if isinstance(factors, Problem):
            return None
        sessions = [
            {
                "session_id": each.session_id,
                "device": open_device(each, self.personal),
                "created_at": clock.rfc3339(each.created),
                "last_used_at": clock.rfc3339(each.rotated),
                "client_id": each.client_id,
            }
            for each in self.sessions.of(user.user_id)
        ]
        return {
            "profile": UserOut.of(user, profile).model_dump(),
            "addresses": AddressListOut.of(book).model_dump()["data"],
            "sessions": sessions,
            "second_factors": FactorListOut.of(*factors).model_dump()["data"],
        }


def part_keys(export_id: str) -> Mapping[str, str]:
    """Where the parts are, by service."""
    return {name: part(name, export_id) for name in SERVICES}


def object_keys(export_id: str) -> Sequence[str]:
    """All that there may be of it in the bucket."""
    return [rules.archive_key(export_id), *part_keys(export_id).values()]


def _zipped(parts: Mapping[str, bytes], export: Export, *, now: datetime) -> bytes:
    manifest = {
        "format": FORMAT,
        "export_id": export.export_id,
        "user_id": export.user_id,
        "made_at": clock.rfc3339(now),
        "files": [f"{name}.json" for name in parts],
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", compact_json(manifest))
        for name, body in parts.items():
            archive.writestr(f"{name}.json", body)
    return made.getvalue()
