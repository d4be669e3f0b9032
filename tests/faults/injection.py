"""One fault at one point of a run: at a call to AWS, at a call to the provider, at a delivery.

A call is refused before it acts, acts and loses its answer, takes its process with it before or
after, meets a rival at exactly that point, conflicts, or is so slow that it acts after everybody
has given it up. A delivery comes twice, late, or after its successor.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from payments.service.ports import PspInvalidState, PspUnavailable
from tests.support.interceptor import Died, Request, refusal
from tests.support.machines import STEPS, TimedOut
from tests.support.stack import Delivery

Kind = Literal["read", "write", "provider", "delivery", "answer"]
READS = frozenset(
    {
        "GetItem",
        "BatchGetItem",
        "Query",
        "GetSecretValue",
        "GetPublicKey",
        "DescribeStream",
        "GetShardIterator",
        "GetRecords",
        "ListStreams",
    }
)
# Reads change nothing: to lose their answer is to be refused, to act late is not to act.
# A read that is refused has one way of being so with an answer, and one without.
_BEFORE = ("refused-500", "refused-reset", "died-before")
OF_KIND: dict[Kind, tuple[str, ...]] = {
    "read": (*_BEFORE, "rival"),
    "write": (
        *_BEFORE,
        "refused-throttled",
        "refused-denied",
        "lost",
        "lost-all",
        "died-after",
        "conflict",
        "rival",
        "slow-retry",
        "slow-answer",
        "slow-hold",
    ),
    "provider": (
        "refused",
        "lost",
        "dark",
        "died-before",
        "died-after",
        "rival",
        "slow-retry",
        "slow-answer",
        "slow-hold",
    ),
    "delivery": ("twice", "again", "late", "swapped"),
    "answer": ("lost",),
}
READ_OF_PROVIDER = ("refused", "dark", "died-before", "rival")
_STEPS = frozenset(STEPS.values())
_REFUSALS = {
    "refused-500": ("InternalServerError", 500),
    "refused-throttled": ("ThrottlingException", 400),
    "refused-denied": ("AccessDeniedException", 400),
}


@dataclass(frozen=True)
class Point:
    """A place in a run where something can go wrong."""

    index: int
    name: str
    kind: Kind
    faults: tuple[str, ...]
    site: str = ""  # the line of a service from which it is called, if it is a call


@dataclass
class Late:
    """A call that acts after its caller is gone."""

    act: Callable[[], Any]
    until: str  # "retry", "answer", "hold"
    function: str
    passed: int = 0


@dataclass
class Injector:
    """Counts the points of a run and brings faults about at some of them."""

    faults: dict[int, str] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    paused: bool = True
    fired: list[str] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    held: list[Delivery] = field(default_factory=list)
    dark: bool = False  # the provider answers nobody
    refuses: Callable[[Request], bool] = lambda request: False  # AWS, for good
    rival: Callable[[], object] = lambda: None
    answers: Callable[[str], bool] = lambda function: True  # whether a client waits for it
    patient: Callable[[], bool] = lambda: False  # the machine at work has days, its tasks have not
    site: Callable[[], str] = lambda: ""  # the line of ours that calls at the moment
    streams: set[tuple[str, str]] = field(default_factory=set)  # those that pause, of the stack
    _sticky: tuple[str, Request] | None = None
    _swapped: Delivery | None = None
    _invocation: int = 0  # that has made a call last

    def start(self, faults: dict[int, str]) -> None:
        """Begin a run with these faults by point."""
        self.faults = faults
        for seen in (self.points, self.fired, self.late, self.held):
            seen.clear()
        self._sticky = self._swapped = None
        self._invocation = 0
        self.dark = False
        self.paused = False

    def stop(self) -> None:
        """From here on nothing goes wrong."""
        self.paused, self.dark, self._sticky = True, False, None

    # Calls to AWS.
    def around(self, request: Request, act: Callable[[], AWSResponse | None]) -> AWSResponse | None:
        """Carry a request out, or not."""
        if self.refuses(request):
            return refusal("ValidationException", 400)
        if self.paused:
            return act()
        if self._sticky is not None and _same_call(self._sticky[1], request):
            return self._refuse(self._sticky[0], request, act)
        kind: Kind = "read" if request.operation in READS else "write"
        faults = self._differing(OF_KIND[kind], request.function, request.invocation)
        if request.service != "dynamodb":
            faults = tuple(fault for fault in faults if fault != "conflict")
        if request.operation == "TransactWriteItems":
            # botocore repeats it under its token, and then it is the same transaction.
            faults = tuple(fault for fault in faults if fault != "lost")
        fault = self._here(request.name, kind, faults)
        return act() if fault is None else self._strike(fault, request, act)

    def _strike(
        self, fault: str, request: Request, act: Callable[[], AWSResponse | None]
    ) -> AWSResponse | None:
        if fault.startswith("refused-") or fault == "lost-all":
            self._sticky = fault, request
            return self._refuse(fault, request, act)
        if fault == "lost":
            act()
            raise ReadTimeoutError(endpoint_url="https://aws.test/")
        if fault == "conflict":
            return _conflict(request)
        self._break(fault, request.function, act)
        return act()

    def _refuse(
        self, fault: str, request: Request, act: Callable[[], AWSResponse | None]
    ) -> AWSResponse | None:
        """Each attempt of one call."""
        if fault == "lost-all":
            act()
            raise ReadTimeoutError(endpoint_url="https://aws.test/")
        if fault == "refused-reset":
            raise ConnectionClosedError(endpoint_url="https://aws.test/")
        return refusal(*_REFUSALS[fault])

    # Calls to the provider.
    def at_provider(self, call: str, function: str, invocation: int, act: Callable[[], Any]) -> Any:
        """Carry a call out, or not."""
        if self.paused:
            return act()
        if self.dark:
            raise PspUnavailable(call)
        kinds = READ_OF_PROVIDER if call == "retrieve" else OF_KIND["provider"]
        kinds = self._differing(kinds, function.partition(" ")[0].rpartition(".")[0], invocation)
        fault = self._here(f"{function} provider.{call}", "provider", kinds)
        if fault is None:
            return act()
        if fault == "refused":
            raise PspUnavailable(call)
        if fault in ("lost", "dark"):
            self.dark = fault == "dark"
            act()
            raise PspUnavailable(call)
        self._break(fault, function.rpartition(".")[0], act)
        return act()

    def _break(self, fault: str, function: str, act: Callable[[], Any]) -> None:
        """The process is gone before or after it acts, or a rival comes before it."""
        if fault == "died-before":
            raise Died(fault)
        if fault == "died-after":
            act()
            raise Died(fault)
        if fault.startswith("slow-"):
            until = fault.removeprefix("slow-")
            self.late.append(Late(act, until, function))
            over = until != "retry" and function in _STEPS and not self.patient()
            raise TimedOut if over else Died(fault)
        self.paused = True  # A rival meets no fault of its own.
        try:
            self.rival()
        finally:
            self.paused = False

    def returned(self, function: str) -> None:
        """An invocation of a function has ended: maybe the one after a slow one."""
        for late in [each for each in self.late if each.until == "retry"]:
            if late.function == function:
                late.passed += 1
                if late.passed > 1:
                    self.land("retry")

    def land(self, *until: str) -> None:
        """Slow calls act now."""
        due = [late for late in self.late if late.until in until]
        self.late = [late for late in self.late if late not in due]
        paused, self.paused = self.paused, True
        try:
            for late in due:
                with contextlib.suppress(PspInvalidState):  # Too late for the provider too.
                    late.act()
        finally:
            self.paused = paused

    # Deliveries.
    def carry(self, delivery: Delivery) -> None:
        """Bring it once, twice, or later."""
        fault = None
        if not self.paused:
            fault = self._here(delivery.name, "delivery", OF_KIND["delivery"])
        if fault in ("late", "swapped"):
            self.streams.add((delivery.target, delivery.source))  # What follows it waits, too.
            if fault == "late":
                self.held.append(delivery)
            else:
                self._swapped = delivery
            return
        delivery.act()
        if fault == "twice":
            delivery.act()
        if fault == "again":
            self.held.append(delivery)
        self.unswap()

    def unswap(self) -> bool:
        """What was overtaken comes now; False if there is nothing."""
        if self._swapped is None:
            return False
        overtaken, self._swapped = self._swapped, None
        self.streams.clear()
        overtaken.act()
        return True

    def _differing(
        self, faults: tuple[str, ...], function: str, invocation: int
    ) -> tuple[str, ...]:
        """Those that are not another one under another name.

        To die before a call is to die after the one before it, if an invocation has made one.
        Nobody waits for the answer of a function that no client and no machine has called.
        """
        same = set() if invocation != self._invocation else {"died-before"}
        self._invocation = invocation
        if not self.answers(function):
            same.add("slow-answer")
        return tuple(fault for fault in faults if fault not in same)

    # Answers to clients.
    def answered(self, name: str) -> bool:
        """Whether this answer reaches its client."""
        return self.paused or self._here(name, "answer", OF_KIND["answer"]) is None

    def _here(self, name: str, kind: Kind, faults: tuple[str, ...]) -> str | None:
        index = len(self.points)
        self.points.append(Point(index, name, kind, faults, self.site()))
        fault = self.faults.get(index)
        if fault not in faults:  # Behind another fault the point may be another one.
            return None
        if fault is not None:
            self.fired.append(f"{index} {name} {fault}")
        return fault


def _same_call(before: Request, request: Request) -> bool:
    """Another attempt of the same call: by botocore, or by our own loop, with another token."""
    same = (before.invocation, before.operation) == (request.invocation, request.operation)
    return same and _untokened(before.body) == _untokened(request.body)


def _untokened(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "ClientRequestToken"}


def _conflict(request: Request) -> AWSResponse:
    """Another transaction is at work on one of the items."""
    if request.operation == "TransactWriteItems":
        nothing = [{"Code": "None"} for _ in request.body["TransactItems"][1:]]
        reasons = [{"Code": "TransactionConflict", "Message": "conflict"}, *nothing]
        return refusal("TransactionCanceledException", 400, CancellationReasons=reasons)
    return refusal("TransactionConflictException", 400)
