"""A user, a session and what happened to them, for tests of where identity keeps them."""

from dataclasses import replace
from datetime import datetime

from identity.domain import session, sign_in_attempts, user
from identity.domain.rate_limit import Counter
from identity.domain.session import TokenFamily
from identity.domain.user import Role, Status, User
from shop import events, ids
from shop.events import Event, EventData
from tests.unit.identity.fakes import NOW, TRACE

MAC, OTHER_MAC = "a" * 64, "e" * 64

USER_ID = user.nobody(MAC, region="use1")

USER = User(
    user_id=USER_ID,
    role=Role.CUSTOMER,
    status=Status.ACTIVE,
    address=MAC,
    personal=b"sealed",
    password_hash="hash",
    created=NOW,
    marketing=True,
)

FAMILY_ID = ids.derive("fam", "one", region="use1")

SESSION_ID = session.session_id_of(FAMILY_ID)

OTHER_FAMILY_ID = ids.derive("fam", "two", region="use1")

FIRST, SECOND, THIRD = (session.digest(text) for text in ("first", "second", "third"))


class Happened(EventData):
    """Something."""

    TYPE = "test.happened"


def event(subject: str = USER_ID, sequence: int = 1) -> Event:
    return events.event(
        Happened(), producer="test", subject=subject, sequence=sequence, now=NOW, trace=TRACE
    )


def family(**changes: object) -> TokenFamily:
    begun = session.begin(USER_ID, "first", family_id=FAMILY_ID, device=b"sealed phone", now=NOW)
    return replace(begun, **changes)  # type: ignore[arg-type]


def counters(
    address: str = MAC, network: str = "home", *, now: datetime = NOW
) -> tuple[Counter, ...]:
    return sign_in_attempts.counters(address=address, from_network=f"{address} {network}", now=now)
