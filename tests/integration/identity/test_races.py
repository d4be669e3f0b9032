"""Two at once: real threads, whose work overlaps wherever no conditional write orders it."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from identity.repository.sessions import SessionRepository
from identity.repository.users import AccountRepository
from identity.service.issue_token_pair import TokenPair
from identity.service.refresh_session import Client, RefreshPorts, refresh
from shop import trace
from shop.problems import Problem
from tests.integration.identity.conftest import EMAIL, Api
from tests.support import dynamodb, inbox
from tests.support.gateway import Reply
from tests.unit.identity.fakes import ISSUES, FakeNetworks

pytestmark = pytest.mark.usefixtures("one_at_a_time")


def at_once(count: int, action: Callable[[], Reply]) -> list[Reply]:
    """Run the action in `count` threads that start together."""
    barrier = threading.Barrier(count)

    def run(_: int) -> Reply:
        barrier.wait(timeout=10)
        return action()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_of_registrations_of_one_address_that_are_proved_at_once_one_makes_the_user(
    api: Api,
) -> None:
    for _ in range(3):
        api.ask()
        api.post_office()
    tokens = [inbox.TOKEN.findall(mail.body)[0] for mail in inbox.mails_to(EMAIL)]
    waiting = iter(tokens * 3)
    replies = at_once(9, lambda: api.verify(next(waiting)))
    assert Counter(r.status for r in replies) == {200: 3, 410: 6}
    (user_id,) = {r.json["user_id"] for r in replies if r.status == 200}
    users = [row["pk"] for row in dynamodb.rows("identity") if row["sk"] == "USER"]
    assert sorted(pk.partition("#")[0] for pk in users) == ["EMAIL", "USER"]
    told = [e["subject"] for e in dynamodb.outbox("identity") if e["type"] == "user.registered"]
    assert told == [user_id]


def test_guesses_at_once_are_no_more_than_five(api: Api) -> None:
    api.register()
    replies = at_once(20, lambda: api.sign_in(password="wrong"))
    assert Counter(r.status for r in replies) == {401: 5, 429: 15}


def test_of_refreshes_at_once_one_rotates_and_all_get_its_successor(api: Api) -> None:
    api.register()
    token = api.sign_in().json["refresh_token"]
    replies = at_once(50, lambda: api.refresh(token))
    assert {r.status for r in replies} == {200}
    (successor,) = {r.json["refresh_token"] for r in replies}
    assert len({r.json["access_token"] for r in replies}) == 50
    assert api.refresh(successor).status == 200
    told = Counter(event["type"] for event in dynamodb.outbox("identity"))
    assert told == {"mail.requested": 1, "user.registered": 1, "session.created": 1}


def test_a_thousand_refreshes_with_one_token_by_one_client_have_one_successor(api: Api) -> None:
    api.register()
    token = api.sign_in().json["refresh_token"]
    by = RefreshPorts(AccountRepository(), SessionRepository(), FakeNetworks(), ISSUES)
    phone, now, traced = Client("192.0.2.1", "app"), api.clock(), trace.from_header(None)

    def present(_: int) -> TokenPair | Problem:
        return refresh(token, phone, by, now=now, trace=traced)

    with ThreadPoolExecutor(50) as pool:
        pairs = list(pool.map(present, range(1000)))
    successors = {pair.refresh_token for pair in pairs if isinstance(pair, TokenPair)}
    assert len(successors) == 1
    assert all(isinstance(pair, TokenPair) for pair in pairs)


def test_replays_at_once_end_the_session_once(api: Api) -> None:
    api.register()
    token = api.sign_in().json["refresh_token"]
    api.refresh(token)
    replies = at_once(8, lambda: api.refresh(token, source_ip="198.51.100.66"))
    assert {r.status for r in replies} == {401}
    told = Counter(event["type"] for event in dynamodb.outbox("identity"))
    assert told["session.refresh_reuse_detected"] == 1


def test_use_and_replay_at_once_leave_no_session_that_only_the_thief_has(api: Api) -> None:
    api.register()
    first = api.sign_in().json["refresh_token"]
    second = api.refresh(first).json["refresh_token"]
    tokens = iter([(first, "198.51.100.66"), (second, "192.0.2.1")] * 4)

    def present() -> Reply:
        token, source_ip = next(tokens)
        return api.refresh(token, source_ip=source_ip)

    replies = at_once(8, present)
    assert {r.status for r in replies} <= {200, 401}
    for reply in replies:
        if reply.status == 200:
            assert api.refresh(reply.json["refresh_token"]).status == 401
