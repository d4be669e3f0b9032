"""Ask for all that is held of oneself, and fetch it: nobody else's, and by who proves it again."""

from dataclasses import dataclass
from datetime import datetime

from identity import events, problems
from identity.domain import export as rules
from identity.domain.export import Export
from identity.domain.rate_limit import Counter
from identity.domain.user import Status, User
from identity.events import event_of
from identity.service.change_user import NO_USER
from identity.service.ports import Accounts, Archives, Exports
from identity.service.prove_again import Proof, ProofPorts, prove_again
from shop.problems import Problem
from shop.trace import Trace


@dataclass(frozen=True, slots=True)
class ExportPorts:
    """What asking needs."""

    accounts: Accounts
    exports: Exports
    region: str


NONE = Problem(problems.NOT_FOUND, "There is no such export, or not any more.")


def request_own_export(
    user_id: str,
    proof: Proof,
    by: ExportPorts,
    checks: ProofPorts,
    *,
    now: datetime,
    trace: Trace,
) -> Export | Problem:
    """Of the caller, who proves again who they are."""
    user = by.accounts.get(user_id)
    if user is None or not user.is_active:
        return NO_USER
    proven = prove_again(user, proof, checks, now=now)
    if isinstance(proven, Problem):
        return proven
    return request_export(user, by, counters=proven, now=now, trace=trace)


def request_export(
    user: User,
    by: ExportPorts,
    *,
    counters: tuple[Counter, ...] = (),
    now: datetime,
    trace: Trace,
) -> Export | Problem:
    """The one of this day, which who asks again gets again. None for who is being erased: it could
    outlive them."""
    if user.status is Status.ERASING:
        return NO_USER
    wanted = rules.request(user.user_id, region=by.region, now=now)
    data = events.UserExportRequested(user_id=user.user_id, export_id=wanted.export_id)
    requested = event_of(data, wanted.export_id, 1, now=now, trace=trace)
    return by.exports.open(wanted, requested, counters=counters)


def find_export(
    user_id: str, export_id: str, exports: Exports, *, now: datetime
) -> Export | Problem:
    """Of the caller, as long as it is kept."""
    found = exports.get(user_id, export_id)
    return NONE if found is None or now >= found.ends else found


def link_of(export: Export, archives: Archives) -> str | None:
    """By which it is fetched, once it is ready, for a while."""
    if export.ready is None:
        return None
    key = rules.archive_key(export.export_id)
    return archives.link(key, name=f"{export.export_id}.zip", seconds=rules.LINK_S)
