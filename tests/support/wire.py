"""Every AWS request of this process in one place: counted, answered by moto, or refused.

botocore gives `before-send` to all its handlers and takes the first answer, so a handler that
answers does not keep moto from acting. Therefore moto's own handler is taken out and called from
here: what is refused before it has no effect, what is refused after it has.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.awsrequest import AWSResponse
from botocore.handlers import BUILTIN_HANDLERS
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber

from shop import aws, tables

Function = Callable[[dict[str, Any], Any], Any]
# Called with each DynamoDB request before and after moto acts on it; raising loses the answer.
Intercept = Callable[["Request", str], None]


@dataclass(frozen=True)
class Request:
    """One AWS request: its operation, and for an invocation the function."""

    operation: str  # "PutItem", "Invoke"
    function: str  # the function that is invoked, or that makes the request
    step: str
    body: dict[str, Any]
    answer: dict[str, Any] = field(default_factory=dict)  # DynamoDB's, to a function


@dataclass
class Wire:
    """The network between functions and AWS."""

    functions: dict[str, Function] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    others: list[Request] = field(default_factory=list)  # to other services: "AWSEvents.PutEvents"
    intercept: Intercept = lambda request, when: None
    _here: threading.local = field(default_factory=threading.local)

    def __call__(self, event_name: str, request: Any, **_: Any) -> AWSResponse | None:
        if "/invocations" in request.url:
            return self._invocation(request)
        target = _header(request, "X-Amz-Target")
        function, step = getattr(self._here, "now", ("test", ""))
        if not target.startswith("DynamoDB_"):
            if target:
                self.others.append(Request(target, function, step, json.loads(request.body)))
            return botocore_stubber(event_name, request)
        seen = Request(target.split(".")[1], function, step, json.loads(request.body))
        self.requests.append(seen)
        self.intercept(seen, "before")
        answer = botocore_stubber(event_name, request)
        if answer is not None and function != "test":
            seen.answer.update(json.loads(answer.content))
        self.intercept(seen, "after")
        return answer

    def count(self) -> Counter[str]:
        """DynamoDB requests of functions, by `function.step`."""
        return Counter(
            f"{request.function}.{request.step}".rstrip(".")
            for request in self.requests
            if request.function != "test" and request.operation != "Invoke"
        )

    def invoked(self) -> list[str]:
        """Invocations, in order, by `function.step`."""
        return [
            f"{request.function}.{request.step}".rstrip(".")
            for request in self.requests
            if request.operation == "Invoke"
        ]

    def reset(self) -> None:
        """Begin to count anew."""
        self.requests.clear()
        self.others.clear()

    def call(self, name: str, event: dict[str, Any]) -> Any:
        """Invoke a function as AWS would; its exception is the caller's."""
        step = str(event.get("step", "")) if isinstance(event, dict) else ""
        before = getattr(self._here, "now", None)
        self.requests.append(Request("Invoke", name, step, event))
        self._here.now = (name, step)
        try:
            return self.functions[name](event, None)
        finally:
            if before is None:
                del self._here.now
            else:
                self._here.now = before

    def _invocation(self, request: Any) -> AWSResponse:
        name = unquote(request.url.split("/functions/")[1].split("/")[0]).rsplit(":", 1)[-1]
        headers = {"Content-Type": "application/json"}
        try:
            result = self.call(name, json.loads(request.body))
        except Exception as error:  # What the runtime reports for a function that raised.
            headers["X-Amz-Function-Error"] = "Unhandled"
            result = {"errorMessage": str(error), "errorType": type(error).__name__}
        text = json.dumps(result)
        return AWSResponse(request.url, 200, headers, MockRawResponse(text))  # type: ignore[arg-type]


def _header(request: Any, name: str) -> str:
    value = request.headers.get(name, "")
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def tapped() -> Iterator[Wire]:
    """All clients that are made meanwhile go through one wire (start moto inside)."""
    wire = Wire()
    place = BUILTIN_HANDLERS.index(("before-send", botocore_stubber))
    BUILTIN_HANDLERS[place] = ("before-send", wire)
    _forget_clients()
    try:
        yield wire
    finally:
        BUILTIN_HANDLERS[place] = ("before-send", botocore_stubber)
        _forget_clients()


def _forget_clients() -> None:
    boto3.DEFAULT_SESSION = None
    aws.reset(session=True)
    tables.reset()


def until(done: Callable[[], Any], *, timeout_s: float = 20) -> Any:
    """Wait for something that another thread does; a bounded poll."""
    end = time.monotonic() + timeout_s
    while not (result := done()):
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        time.sleep(0.005)
    return result
