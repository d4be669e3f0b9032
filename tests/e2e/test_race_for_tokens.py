"""The race for refresh tokens: clients and thieves present current, replaced and old ones at once.

Here: the use case with its repository on the emulator's DynamoDB; tokens are signed in memory. Over
HTTP: test_races.py.
"""

import json
import string
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest

from identity import events
from identity.domain.mailed_token import Applicant
from identity.domain.session import TokenName, begin, digest, name_of, refresh_token
from identity.domain.user import Role
from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service import refresh_session
from identity.service.create_staff import AccountPorts, create_staff
from identity.service.refresh_session import Client, RefreshPorts
from shop import clock, ids
from shop.events import event
from shop.problems import Problem
from tests.e2e.platform import Platform
from tests.support.races import own_tables, race, rows
from tests.unit.identity.fakes import (
    ISSUES,
    REGION,
    TRACE,
    FakeMac,
    FakeNetworks,
    FakePasswords,
    FakePersonalData,
)

pytestmark = pytest.mark.soak
PHONE = Client("192.0.2.1", "app")
AT_WORK = 12  # sessions that are refreshed at a time; two threads often meet
OLD = 0.02  # how often a token comes that was replaced long ago


@dataclass
class Session:
    """What clients know of one family: who succeeded whom."""

    first: str
    line: list[str]  # tokens in the order in which they became known
    successors: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    over: bool = False  # a token was refused, so nothing may succeed from here on


class Clients:
    """All of them, and the sessions that they share."""

    def __init__(self) -> None:
        self.by = RefreshPorts(AccountRepository(), SessionRepository(), FakeNetworks(), ISSUES)
        self.sessions: list[Session] = []
        self._lock = threading.Lock()
        registrar = AccountPorts(
            self.by.accounts, FakeMac(), FakePasswords(), FakePersonalData(), REGION
        )
        user, _ = create_staff(
            Applicant("ada@example.com"),
            "long enough",
            registrar,
            role=Role.CUSTOMER,
            operator="",
            now=clock.now(),
            trace=TRACE,
        )
        self.user_id = user.user_id

    def act(self, random: Random) -> None:
        """Present one token, the newest that is known or one that was replaced."""
        with self._lock:
            alive = [session for session in self.sessions[-AT_WORK:] if not session.over]
            if len(alive) < 2 or random.random() < 0.01:
                session = self._open(random)
            else:
                session = random.choice(alive)
            old = len(session.line) > 3 and random.random() < OLD
            token = random.choice(session.line[:-3]) if old else session.line[-1]
            over = session.over
        self.present(session, token, over=over, replay=old)

    def present(self, session: Session, token: str, *, over: bool, replay: bool) -> bool:
        """One refresh; True if there is a successor."""
        result = refresh_session.refresh(token, PHONE, self.by, now=clock.now(), trace=TRACE)
        with self._lock:
            if isinstance(result, Problem):
                session.over = True  # Whatever is refused ends its session, by then at the latest.
                return False
            assert not over, "a session that was ended went on"
            assert not replay, "a token that was replaced twice was taken"
            session.successors[token].add(result.refresh_token)
            if result.refresh_token not in session.line:
                session.line.append(result.refresh_token)
            return True

    def open_one_that_lasts(self) -> None:
        """A session with one holder, who renews it: nothing may end it."""
        session = self._open(Random(0))  # noqa: S311 (not a secret)
        for _ in range(3):
            assert self.present(session, session.line[-1], over=False, replay=False)

    def _open(self, random: Random) -> Session:
        family_id, now = ids.generate("fam", region=REGION, now=clock.now()), clock.now()
        secret = "".join(random.choices(string.ascii_letters, k=43))
        token = refresh_token(self.user_id, family_id, secret)
        family = begin(self.user_id, token, family_id=family_id, device=None, now=now)
        data = events.SessionCreated(user_id=self.user_id, session_id=family.session_id)
        created = event(
            data,
            producer="identity",
            subject=family.session_id,
            sequence=1,
            now=now,
            trace=TRACE,
        )
        self.by.sessions.open(family, created, counters=())
        session = Session(token, [token])
        self.sessions.append(session)
        return session


@pytest.fixture
def clients(platform: Platform) -> Iterator[Clients]:
    with own_tables(platform.endpoint_url, "identity"):
        yield Clients()


def test_a_session_has_one_line_of_succession_or_has_ended(clients: Clients) -> None:
    race(clients.act)
    clients.open_one_that_lasts()

    stored = {TokenName(str(row["pk"])[5:], str(row["sk"])[8:]): row for row in rows("identity")}
    carried = [json.loads(row["outbox"]) for row in stored.values() if "outbox" in row]
    published = [event for events in carried for event in events]
    told = Counter(
        found["data"]["session_id"]
        for found in published
        if found["type"] == "session.refresh_reuse_detected"
    )
    ended = 0
    for session in clients.sessions:
        last = one_line(session)
        name = name_of(last)
        assert name is not None
        row = stored[name]
        assert row["current"] == digest(last)
        revoked = "revoked_at" in row
        assert told[str(row["sk"])[8:]] == int(revoked), "not reported, or twice"
        assert clients.present(session, last, over=revoked, replay=False) is not revoked
        ended += revoked
    assert 0 < ended < len(clients.sessions)
    assert max(len(session.line) for session in clients.sessions) > 5, "nothing happened"


def one_line(session: Session) -> str:
    """Follow the successors from the first token to the last; nobody else has one."""
    token, seen = session.first, {session.first}
    while token in session.successors:
        assert len(session.successors[token]) == 1, "the session forked"
        [token] = session.successors[token]
        assert token not in seen
        seen.add(token)
    assert seen == set(session.line)
    return token
