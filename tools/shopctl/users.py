"""Customers who ask in writing to be erased, or for what is held of them: what they could do by
themselves, done for them.

Whoever runs it has made sure who asks. By the rules of identity and with its own rows; addresses
stand in no output and no log.
"""

from dataclasses import dataclass
from datetime import timedelta

from infra.stages import LOCAL, STAGES
from shop import clock, trace
from shop.problems import Problem
from tools.shopctl import services
from tools.shopctl.errors import Failed
from tools.shopctl.target import Target

NOBODY = "There is no account with this address."


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator sees of an erasure. Whoever knows its id sees how far it is."""

    erasure_id: str
    user_id: str
    status: str
    takes_effect_at: str
    is_new: bool


def erase(target: Target, email: str) -> Wish:
    """Ask for it, as the user would: their sessions end now, and they are told by mail."""
    grace = STAGES.get(target.stage, LOCAL).erasure_grace_s
    with services.at(target, "identity", "user_keys"):
        from identity.clients.kms import EmailHasher
        from identity.repository.erasures import ErasureRepository
        from identity.repository.users import AccountRepository
        from identity.service.change_access import find
        from identity.service.request_erasure import ErasurePorts, request_erasure

        accounts = AccountRepository()
        mac = EmailHasher(f"alias/{target.table('identity')}-email-mac")
        user = find(email, accounts=accounts, mac=mac)
        by = ErasurePorts(
            accounts=accounts,
            erasures=ErasureRepository(),
            grace=timedelta(seconds=grace),
            region=target.region,
        )
        now = clock.now()
        asked = (
            request_erasure(user.user_id, by, now=now, trace=trace.from_header(None))
            if user
            else None
        )
        if user is None or asked is None:
            raise Failed(NOBODY)
        return Wish(
            asked.erasure_id,
            asked.user_id,
            asked.status.value,
            clock.rfc3339(asked.due),
            is_new=user.erasure_id is None,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an operator sees of an export: never the link, which is the user's alone."""

    export_id: str
    user_id: str
    status: str
    kept_until: str


def export(target: Target, email: str) -> Wanted:
    """Ask for the one of this day, as the user would, who fetches it."""
    with services.at(target, "identity", "user_keys"):
        from identity.clients.kms import EmailHasher
        from identity.repository.exports import ExportRepository
        from identity.repository.users import AccountRepository
        from identity.service.change_access import find
        from identity.service.request_export import ExportPorts, request_export

        accounts = AccountRepository()
        mac = EmailHasher(f"alias/{target.table('identity')}-email-mac")
        user = find(email, accounts=accounts, mac=mac)
        if user is None:
            raise Failed(NOBODY)
        by = ExportPorts(accounts, ExportRepository(), target.region)
        asked = request_export(user, by, now=clock.now(), trace=trace.from_header(None))
        if isinstance(asked, Problem):
            raise Failed(NOBODY)
        return Wanted(
            asked.export_id,
            asked.user_id,
            "requested" if asked.ready is None else "ready",
            clock.rfc3339(asked.ends),
        )
