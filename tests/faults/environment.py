"""One shop in which things go wrong: its state can be put back, its clients do not give up.

A run has three parts. `given` happened before and without faults, and is kept as a snapshot. `when`
is what meets the fault. Then everything comes to rest: clients repeat, slow calls act, clocks move
on, what is scheduled runs, queues drain.
"""

import copy
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from inventory.service import end_reservation
from shop import clock, erasure, export, telemetry
from shop.deploy import discover
from shop.http import PROBLEM
from tests.faults.injection import Injector
from tests.support import dynamodb, moto_objects
from tests.support.checkout_scenario import (
    CheckoutScenario,
    cold_start,
    looked_after,
    scheduled,
    started,
)
from tests.support.gateway import Reply
from tests.support.stack import Delivery

PATIENT = {task.STEP for machine in (erasure, export) for task in machine.STEPS}
TRIES = 14
QUIET_S = 31  # after which a lease of somebody who is gone is over
HOLD = timedelta(minutes=17)  # longer than a hold, and than its sweeper may be late
ROUNDS = 80  # of recovery jobs, until nothing is due
PIECE = 2  # movements in one transaction: an order of three lines is carried out in pieces
MISTAKES = (TypeError, KeyError, AttributeError, NameError, IndexError, AssertionError)
FOREVER = timedelta(days=8)  # what waits for longer than that waits for a person


@dataclass
class Sent:
    """A request of a client, and every final answer that it got."""

    name: str
    act: Callable[[], Reply]
    keyed: bool
    same: str = ""  # a field that is the same in every answer that succeeds
    finals: list[Reply] = field(default_factory=list)

    @property
    def answers(self) -> set[tuple[int, str]]:
        """The different ones."""
        return {(reply.status, reply.text) for reply in self.finals}


@dataclass(frozen=True)
class Snapshot:
    """All that changes."""

    tables: dict[str, tuple[Any, list[Any]]]
    objects: dict[tuple[str, str], bytes]
    psp: dict[str, Any]
    offset: timedelta


class FaultEnvironment:
    """A shop, an injector, and clients."""

    def __init__(self, shop: CheckoutScenario) -> None:
        self.shop, self.injector = shop, Injector()
        self.sent: list[Sent] = []
        self.seen: dict[str, Any] = {}  # what a journey remembers between its parts
        self.unheard: list[Callable[[], None]] = []  # webhooks that were not answered 200
        self.afterwards: Callable[[], None] = lambda: None  # what somebody does in the end
        self.mistakes: list[str] = []  # faults of the code itself, wherever they were caught
        self.moment: Callable[[], None] = lambda: None  # what is checked while work is under way
        self.echo: Callable[[str], None] = _silent  # when the provider has acted, before it answers
        shop.interceptor.around = self.injector.around
        shop.interceptor.returned = self.injector.returned
        shop.interceptor.watched = lambda: not self.injector.paused
        shop.psp.around = self._ask_provider
        self.injector.streams = shop.stack.held
        self.injector.site = shop.interceptor.site
        self.injector.patient = lambda: shop.interceptor.here.step in PATIENT
        self.injector.answers = lambda name: (
            discover().functions[name].kind in ("route", "steps", "authorizer")
        )
        shop.stack.carry = lambda delivery: self._as_root(
            delivery.act, lambda: self.injector.carry(delivery)
        )

    # What a journey does.
    def send(
        self, name: str, act: Callable[[], Reply], *, keyed: bool = False, same: str = ""
    ) -> Reply:
        """Send a request, and again until there is a final answer."""
        sent = Sent(name, act, keyed, same)
        self.sent.append(sent)
        return self._insist(sent)

    def repeat(self, sent: Sent) -> Reply:
        """A request once more, until there is a final answer."""
        return self._insist(sent)

    def notify(self, reference: str, type_: str, *, event_id: str) -> None:
        """The provider tells of a payment, and again later if nobody says that it was heard."""

        def act() -> None:
            try:
                reply = self.shop.webhook(reference, type_, event_id=event_id)
            except Exception:
                reply = Reply(502, {}, "")
            if reply.status != 200:
                self.unheard.append(act)

        self.shop.stack.carry(
            Delivery("webhook", "payments.receive_webhook", event_id, (type_,), act)
        )

    def ask(self, function: str, event: dict[str, Any]) -> None:
        """The gateway asks a function of its own, and lets the client repeat if that fails."""

        def act() -> Reply:
            try:
                return Reply(200, {}, json.dumps(self.shop.interceptor.call(function, event)))
            except Exception as error:
                if str(error) != "Unauthorized":
                    raise
                return Reply(401, {}, "{}")

        self.send(function, act)

    def tick(self) -> None:
        """What is scheduled runs, and what comes of it."""
        for job in scheduled():
            self.run(job)
        self.shop.deliver()

    def run(self, job: str) -> None:
        """One job, now."""

        def act() -> None:
            self.shop.interceptor.call(job, {})

        try:
            self._as_root(act, act)
        except Exception:  # The scheduler tries again, at the latest in a minute.
            self.injector.land("answer")
            act()

    def execute(self) -> None:
        """Executions that nobody waits for run; rows and events wait."""
        self.shop.stack.deliver("execution")

    def pass_time(self, **parts: float) -> None:
        """The clock moves on."""
        self.shop.pass_time(**parts)

    # How it comes to its end.
    def run_until_idle(self) -> None:
        """Everything that was going to happen has happened; every client knows."""
        injector, shop = self.injector, self.shop
        injector.stop()
        self.injector.land("retry", "answer")
        injector.unswap()
        if injector.held or injector.late:
            shop.pass_time(seconds=HOLD.total_seconds())
            self.tick()
            self.injector.land("hold")
            shop.stack.held.clear()
            for delivery in injector.held:
                delivery.act()
        while self.unheard:
            self.unheard.pop()()
        shop.deliver()
        self._finish()
        for sent in [each for each in self.sent if each.keyed]:
            self._insist(sent)
        shop.deliver()
        self.afterwards()

    def _finish(self) -> None:
        """The clock moves to when a job has something to do, until none has."""
        shop = self.shop
        for _ in range(ROUNDS):
            due = self._next_due()
            if due is None:
                break
            wait, service = due
            shop.offset += max(wait, timedelta())
            for job in scheduled():
                if job.startswith(f"{service}."):
                    self.run(job)
            shop.deliver()

    def _insist(self, sent: Sent) -> Reply:
        for number in range(TRIES):
            reply = self._try(sent)
            if _is_final(reply):
                sent.finals.append(reply)
                return reply
            self._between(number)
        raise AssertionError(f"{sent.name}: no final answer, last {reply.status} {reply.text}")

    def _try(self, sent: Sent) -> Reply:
        def again() -> None:
            """A copy of the request, whose answer counts as much."""
            reply = self._call(sent)
            if _is_final(reply):
                sent.finals.append(reply)

        reply: Reply = self._as_root(again, lambda: self._call(sent))
        if self.injector.answered(f"client <- {sent.name}"):
            return reply
        if _is_final(reply):
            sent.finals.append(reply)
        return Reply(0, {}, "")

    def _call(self, sent: Sent) -> Reply:
        try:
            return sent.act()
        except Exception:  # As the gateway says it.
            return Reply(502, {}, "")

    def _between(self, number: int) -> None:
        """What happens while a client waits before it repeats."""
        self.injector.land("answer")
        self.moment()
        if any(late.until == "hold" for late in self.injector.late):
            self.shop.pass_time(seconds=HOLD.total_seconds())
            self.tick()
            self.injector.land("hold")
        if number == 0:
            return  # The first repeat comes at once, before anything else has moved.
        if not self.injector.paused:
            self.injector.dark = False
        self.shop.pass_time(seconds=QUIET_S)
        self.shop.deliver()
        if number % 2 == 0:
            self.tick()

    def _ask_provider(self, call: str, act: Callable[[], Any]) -> Any:
        interceptor = self.shop.interceptor
        interceptor.trace()

        def acted() -> Any:
            result = act()
            self.echo(call)
            return result

        here = interceptor.here
        return self.injector.at_provider(
            call, f"{here.function}.{here.step}", here.invocation, acted
        )

    def _as_root(self, rival: Callable[[], object], act: Callable[[], Any]) -> Any:
        """`rival` is a copy of what is done here."""
        before, self.injector.rival = self.injector.rival, rival
        try:
            return act()
        finally:
            self.injector.rival = before

    def _next_due(self) -> tuple[timedelta, str] | None:
        """How long until a job has to look after something, and whose; None if never."""
        times = [
            (clock.parse(str(row["next_attempt_at"])), table)
            for table in looked_after()
            for row in dynamodb.rows(table)
            if row.get("next_attempt_at")
        ]
        if not times:
            return None
        at, service = min(times)
        wait = at - clock.now()
        return (wait, service) if wait < FOREVER else None

    def note(self, message: str, error: BaseException, **_: Any) -> None:
        """In place of `telemetry.log_error`: what no call and no provider can be blamed for."""
        if type(error) in MISTAKES:
            self.mistakes.append(f"{message}: {type(error).__name__} {error}"[:200])

    # Putting it back.
    def snapshot(self) -> Snapshot:
        """All of it, as it is now; everything must have been delivered."""
        tables = {
            name: (copy.deepcopy(table.items), list(table.stream_shard.items))
            for name, table in self._stored()
        }
        return Snapshot(tables, moto_objects.stored(), copy.deepcopy(self._psp()), self.shop.offset)

    def restore(self, snapshot: Snapshot) -> None:
        """As it was then, with processes that have just started."""
        shop = self.shop
        for name, table in self._stored():
            items, records = snapshot.tables[name]
            table.items, table.stream_shard.items = copy.deepcopy(items), list(records)
        moto_objects.put_back(snapshot.objects)
        for name, value in copy.deepcopy(snapshot.psp).items():
            setattr(shop.psp, name, value)
        shop.offset = snapshot.offset
        self.injector.stop()
        self.sent.clear()
        self.unheard.clear()
        self.mistakes.clear()
        self.echo = _silent
        self.afterwards = lambda: None
        self.injector.refuses = lambda request: False
        shop.stack.forget()
        shop.stack.backwards = False
        for machine in shop.stack.machines.values():
            machine.executions.clear()
            machine.failures.clear()
        shop.interceptor.reset()
        shop.interceptor.intercept = lambda request, when: None
        cold_start()

    def _stored(self) -> Iterator[tuple[str, Any]]:
        yield from self.shop.tables.items()

    def _psp(self) -> dict[str, Any]:
        psp = self.shop.psp
        names = ("books", "calls", "keys", "honours_keys", "unpayable", "_faults", "_first")
        return {name: getattr(psp, name) for name in names}


def _silent(_call: str) -> None:
    """Nothing happens meanwhile."""


def _is_final(reply: Reply) -> bool:
    """Whether a client that knows RFC 9457 and our `retryable` would stop here."""
    if reply.status == 0 or reply.status >= 500 or reply.status == 429:
        return False
    if reply.headers.get("Content-Type") != PROBLEM:  # What is none says nothing of it.
        return True
    return not reply.json.get("retryable")


@contextmanager
def opened() -> Iterator[FaultEnvironment]:
    """A world for this process; what the functions print is left out."""
    with (
        open(os.devnull, "w") as nothing,  # noqa: PTH123
        redirect_stdout(nothing),
        pytest.MonkeyPatch.context() as patch,
        started(patch) as shop,
    ):
        patch.setattr(end_reservation, "PAIRS_WITH_MOVEMENT", PIECE)
        world = FaultEnvironment(shop)
        patch.setattr(telemetry, "log_error", world.note)
        yield world


__all__ = ["Sent", "Snapshot", "FaultEnvironment", "opened"]
